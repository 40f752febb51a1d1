"""The within-group correlation of length and correctness."""

from __future__ import annotations

import json
from math import sqrt

import pytest
import torch

from rewards.weights.length_trend import WINDOW, LengthTrend

GROUPS = torch.arange(4).repeat_interleave(4)


def see(trend: LengthTrend, tokens: list[float], correct: list[float]) -> bool:
    return trend.see(torch.tensor(tokens), torch.tensor(correct), GROUPS)


def test_correlation_is_within_groups() -> None:
    """Hard problems are long and wrong; within each group the longer rollouts are right."""
    trend = LengthTrend()
    tokens = [10.0, 10, 12, 12, 100, 100, 102, 102, 500, 500, 500, 500, 7, 8, 9, 9]
    correct = [0.0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]
    see(trend, tokens, correct)
    assert trend.correlation() is None  # 2 groups of 4 with both kinds: 6, too few
    for _ in range(3):
        see(trend, tokens, correct)
    assert trend.correlation() == pytest.approx((1.0, 0.0))


def test_correlation_and_error_by_hand() -> None:
    trend = LengthTrend()
    for _ in range(2):
        turned = see(trend, [1.0, 2, 3, 4] * 4, [0.0, 1, 0, 1] * 4)
        # A group: lengths -1.5 -0.5 0.5 1.5, correct -0.5 0.5 -0.5 0.5: 1 / sqrt(5 * 1).
    r = 1 / sqrt(5)
    assert trend.correlation() == pytest.approx((r, (1 - r * r) / sqrt(24 - 1)))
    assert turned and trend.turned == 2
    assert trend.metrics()["facts/length_correct_correlation"] == pytest.approx(r)
    assert "0.45, standard error 0.17, over the last 2 batches" in trend.sentence()


def test_it_tells_once_that_it_turned() -> None:
    trend = LengthTrend()
    told = [see(trend, [1.0, 2, 3, 4] * 4, [1.0, 1, 0, 0] * 4) for _ in range(WINDOW)]
    told += [see(trend, [1.0, 2, 3, 4] * 4, [0.0, 0, 1, 1] * 4) for _ in range(2 * WINDOW)]
    assert sum(told) == 1 and told.index(True) > 1.4 * WINDOW


def test_groups_of_one_kind_tell_nothing() -> None:
    trend = LengthTrend()
    for _ in range(9):
        see(trend, [1.0, 2, 3, 4] * 4, [0.0] * 8 + [1.0] * 8)
    assert trend.correlation() is None and trend.metrics() == {}


def test_false_alarms_are_rare_without_a_correlation() -> None:
    torch.manual_seed(0)
    alarms = 0
    for _ in range(40):
        trend = LengthTrend()
        for _ in range(WINDOW):
            trend.see(torch.rand(16), (torch.rand(16) < 0.7).float(), GROUPS)
        r, error = trend.correlation() or (0.0, 1.0)
        alarms += r > 2 * error
    assert alarms <= 4  # 2.3 % of 40 are 0.9; five or more: below 0.3 %


def test_state_goes_to_the_checkpoint_and_back() -> None:
    trend, again = LengthTrend(), LengthTrend()
    for _ in range(3):
        see(trend, [1.0, 2, 3, 5] * 4, [0.0, 1, 0, 1] * 4)
    again.load_state_dict(json.loads(json.dumps(trend.state_dict())))
    again.load_state_dict({})  # of a checkpoint of an earlier version
    assert again.correlation() == trend.correlation() and again.turned == trend.turned
    assert not see(again, [1.0, 2, 3, 4] * 4, [0.0, 1, 0, 1] * 4)
