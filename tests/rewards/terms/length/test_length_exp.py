"""`length_exp`: numbers of GRPO-LEAD's code, and worked by hand."""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import pytest

from rewards.terms.registry import term_bounds
from tests.rewards.terms.rollouts import cut_off, rollout, values


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(
            [rollout(1, 5000), rollout(1, 7000), rollout(1, 9000), rollout(0, 6000)],
            [1.051271, 1, 0.951229, -1],
            id="mixed",
        ),
        pytest.param(  # the three shortest, one of them wrong, have 3,966.7 tokens on average
            [rollout(1, 1000), rollout(1, 7000), rollout(1, 9000), rollout(0, 3900)],
            [1, 1, 1, -1],
            id="below threshold",
        ),
    ],
)
def test_length_exp_next_to_the_scores_of_grpo_lead(
    rows: list[dict[str, float]], total: list[float]
) -> None:
    base = [1.0 if row["correct"] else -1.0 for row in rows]  # GRPO-LEAD at 9344bef
    found = values("length_exp", rows)
    assert [b + v for b, v in zip(base, found, strict=True)] == pytest.approx(total, abs=1e-5)


THIRD = sqrt(0.5)  # z of two rollouts, by the sample deviation


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param([rollout(1, 5000), rollout(0, 9000)], {}, [0, 0], id="one correct"),
        pytest.param([rollout(1, 5000)] * 3, {}, [0, 0, 0], id="equal lengths"),
        pytest.param([rollout(0, 5000)] * 3, {}, [0, 0, 0], id="nobody correct"),
        pytest.param(
            [rollout(1, 100), rollout(1, 300)],
            {},
            [exp(0.05 * THIRD) - 1, exp(-0.05 * THIRD) - 1],
            id="two are never left alone",
        ),
        pytest.param(
            [rollout(1, 3000), rollout(1, 4000), rollout(1, 5000)], {}, [0, 0, 0], id="at threshold"
        ),
        pytest.param(
            [rollout(1, 3000), rollout(1, 4000), rollout(1, 5000)],
            {"threshold": 0, "alpha": 0.1},
            [exp(0.1) - 1, 0, exp(-0.1) - 1],
            id="no threshold",
        ),
        pytest.param(  # mean 6,000 and deviation 1,414.2 without it: z is 10,000 / 1,414.2
            [rollout(1, 5000), rollout(1, 7000), cut_off(1, 16000), cut_off(0, 16000)],
            {},
            [exp(0.05 * THIRD) - 1, exp(-0.05 * THIRD) - 1, exp(-0.05 * 10 * THIRD) - 1, 0],
            id="cut off pays, is not counted",
        ),
        pytest.param(
            [cut_off(1, 5000), rollout(1, 7000), rollout(1, 9000)],
            {},
            [0, exp(0.05 * THIRD) - 1, exp(-0.05 * THIRD) - 1],
            id="cut off is not paid",
        ),
        pytest.param([cut_off(1, 9000), rollout(0, 9000)], {}, [0, 0], id="lone one cut off"),
        pytest.param(
            [rollout(1, 5000), cut_off(1, 16000), cut_off(0, 16000)],
            {},
            [0, 0, 0],
            id="cut off next to a lone one, which has no spread",
        ),
    ],
)
def test_length_exp_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("length_exp", rows, params) == pytest.approx(expected, abs=1e-6)


def test_length_exp_keeps_the_groups_apart() -> None:
    rows = [rollout(1, 5000), rollout(1, 5000), rollout(1, 9000), rollout(1, 9000)]
    assert values("length_exp", rows, {}, [0, 1, 0, 1]) == values(
        "length_exp", rows, {}, [1, 0, 1, 0]
    )
    assert values("length_exp", rows, {}, [0, 0, 1, 1]) == [0, 0, 0, 0]


def test_length_exp_has_bounds_that_a_group_of_a_hundred_does_not_reach() -> None:
    assert term_bounds("length_exp", {}).correct == pytest.approx((exp(-0.5) - 1, exp(0.5) - 1))
    rows = [rollout(1, 5000)] * 99 + [rollout(1, 9000)]  # z = 99 / sqrt(100) = 9.9
    assert values("length_exp", rows)[-1] == pytest.approx(exp(-0.05 * 9.9) - 1, abs=1e-6)
    rows = [rollout(1, 5000)] * 199 + [rollout(1, 9000)]  # z = 14.1, kept within 10
    assert values("length_exp", rows)[-1] == pytest.approx(exp(-0.5) - 1, abs=1e-6)
