"""`length_target`: numbers of L1's code and of ConciseR's, and worked by hand."""

from __future__ import annotations

from math import inf, isnan
from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values

EXACT = {"gate": "none", "cap": inf}


def announced(correct: float, tokens: float) -> dict[str, float]:
    return rollout(correct, tokens, budget=1000)


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(
            [announced(1, n) for n in (1000, 1500, 500)] + [announced(0, n) for n in (1000, 3000)],
            [1, 0.85, 0.85, 0, -0.6],
            id="shipped settings",
        ),
        pytest.param(  # an unfinished rollout is incorrect there
            [cut_off(0, 4096, budget=1000), announced(1, 1000)], [-0.9288, 1], id="truncated"
        ),
    ],
)
def test_length_target_exact_next_to_correctness(
    rows: list[dict[str, float]], total: list[float]
) -> None:
    found = values("length_target", rows, EXACT)  # cmu-l3/l1 at 93dd330
    assert [row["correct"] + v for row, v in zip(rows, found, strict=True)] == pytest.approx(total)


SHIPPED = [announced(1, n) for n in (500, 1000, 1500)] + [announced(0, 500), announced(1, 5000)]
YAML = [announced(1, n) for n in (950, 1000, 1050, 1200)]


@pytest.mark.parametrize(
    ("rows", "alpha", "total"),
    [(SHIPPED, 0.0003, [0.575, 0.5, 0.425, 0, 0]), (YAML, 0.01, [0.75, 0.5, 0.25, 0])],
)
def test_length_target_max_alone_is_the_multiplied_reward_of_l1(
    rows: list[dict[str, float]], alpha: float, total: list[float]
) -> None:
    found = values("length_target", rows, {"mode": "max", "alpha": alpha})
    assert found == pytest.approx(total)


def test_length_target_max_ungated_is_the_length_term_of_l1() -> None:
    found = values("length_target", SHIPPED, {"mode": "max", "gate": "none"})
    assert found == pytest.approx([0.575, 0.5, 0.425, 0.575, 0])


@pytest.mark.parametrize(
    ("rows", "weight", "total"),
    [
        pytest.param(
            [rollout(1, 1), rollout(1, 4096), rollout(1, 16384), rollout(0, 100)],
            2e-5,
            [1.00002003, 1.00001502, 1, 0],
            id="gamma 2e-5",
        ),
        pytest.param(
            [rollout(1, 4096), rollout(1, 8192), rollout(0, 10)], 1.0, [1.75, 1.5, 0], id="gamma 1"
        ),
        # by hand from here: 1 - L / 16384
        pytest.param([rollout(1, 16384), rollout(1, 20000)], 1.0, [1, 1], id="at the cap"),
        pytest.param([rollout(1, 12288), rollout(1, 2048)], 1.0, [1.25, 1.875], id="eighths"),
        pytest.param([rollout(1, 4096)], 0.2, [1.15], id="a weight"),
        pytest.param([rollout(0, 1), rollout(0, 16384)], 1.0, [0, 0], id="nobody correct"),
    ],
)
def test_length_target_as_the_bonus_of_conciser(
    rows: list[dict[str, float]], weight: float, total: list[float]
) -> None:
    """pixas/DECS at 0d12e53, next to correctness; its sums are float32."""
    params = {"mode": "max", "slope": "paper", "alpha": 1 / 16384, "budget": 8192}
    found = [
        row["correct"] + weight * value
        for row, value in zip(rows, values("length_target", rows, params), strict=True)
    ]
    assert found == pytest.approx(total, abs=1e-7)


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param(SHIPPED, {}, [-0.15, 0, -0.15, 0, -1], id="incorrect spared, charge capped"),
        pytest.param(
            SHIPPED, {"mode": "max", "slope": "paper"}, [0.65, 0.5, 0.35, 0, 0], id="paper's slope"
        ),
        pytest.param([rollout(0, 10), rollout(0, 90)], {"budget": 50}, [0, 0], id="nobody correct"),
        pytest.param([rollout(1, 90)] * 2, {"budget": 90}, [0, 0], id="all on target"),
        pytest.param(  # the problem's budget goes before the parameter
            [announced(1, 1100), rollout(1, 1100)], {"budget": 600}, [-0.03, -0.15], id="own budget"
        ),
        pytest.param(
            [rollout(1, 500, budget=-1000), rollout(1, 1500, budget=-1000)],
            {"mode": "max"},
            [0.575, 0.425],
            id="sign of L1's data",
        ),
        pytest.param(
            [rollout(1, 2000), cut_off(1, 2000), rollout(1, 5)],
            {"mode": "max", "budget": 4000},
            [0.8, 0, 1],
            id="cut off is not paid",
        ),
        pytest.param(
            [cut_off(1, 2000)], {"budget": 1000, "cap": 0.2}, [-0.2], id="cut off is charged"
        ),
    ],
)
def test_length_target_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("length_target", rows, params) == pytest.approx(expected)


@pytest.mark.parametrize("gate", ["correct", "none"])
def test_length_target_does_not_apply_without_a_budget(gate: str) -> None:
    found = values("length_target", [rollout(1, 90), rollout(0, 90)], {"gate": gate})
    assert all(isnan(value) for value in found)
