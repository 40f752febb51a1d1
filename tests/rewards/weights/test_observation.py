"""What controllers are shown of a batch."""

from __future__ import annotations

from math import sqrt

import pytest
import torch

from rewards.weights import Batch, summarize
from tests.rewards.terms.rollouts import NAMES, rollout, table

ROWS = [
    rollout(1, 10),
    rollout(1, 20),
    rollout(0, 60),
    rollout(1, 30),
    rollout(0, 40),
    rollout(0, 20),
]


def summary(groups: list[int]) -> Batch:
    return summarize(table(ROWS), torch.tensor(groups), NAMES, 7)


def test_summary_has_means_of_all_and_of_the_correct() -> None:
    found = summary([0, 0, 0, 1, 1, 1])
    assert (found.step, found.accuracy, found.tokens, found.tokens_correct) == (7, 0.5, 30, 20)
    assert found.means[NAMES.index("tokens")] == 30


def test_summary_takes_groups_as_separate_draws() -> None:
    # Shares 2/3 and 1/3: their deviation is 0.2357, over the square root of 2.
    assert summary([0, 0, 0, 1, 1, 1]).error == pytest.approx(1 / 6)
    assert summary([0, 0, 1, 1, 2, 2]).error == pytest.approx(  # shares 1, 1/2, 0
        sqrt((0.25 + 0.25) / 2 / 3)
    )
    assert summary([0] * 6).error == pytest.approx(sqrt(0.25 / 6))  # one group: of a proportion


def test_summary_without_a_correct_rollout() -> None:
    found = summarize(table([rollout(0, 5)] * 2), torch.tensor([0, 1]), NAMES, 0)
    assert (found.accuracy, found.error, found.tokens_correct) == (0, 0, None)


@pytest.mark.parametrize(
    ("r", "error", "longer"),
    [(0.3, 0.1, True), (0.19, 0.1, False), (-0.3, 0.1, False), (None, None, False)],
)
def test_longer_is_better_by_two_standard_errors(
    r: float | None, error: float | None, longer: bool
) -> None:
    assert Batch(0, 0.9, 0.0, 9.0, None, (), None, r, error).longer_is_better is longer
