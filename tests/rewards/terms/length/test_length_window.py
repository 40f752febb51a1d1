"""`length_window`: numbers of LAPO's code, and worked by hand."""

from __future__ import annotations

from math import exp
from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values


def total(
    rows: list[dict[str, float]], weight: float, params: dict[str, Any] | None = None
) -> list[float]:
    """With correctness at weight 1."""
    found = values("length_window", rows, params)
    return [row["correct"] + weight * value for row, value in zip(rows, found, strict=True)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(  # the window is 190 to 370
            [rollout(1, n) for n in (100, 200, 300, 1000)] + [rollout(0, 200)],
            [1.07, 1.7, 1.7, 1, 0],
            id="mixed",
        ),
        pytest.param([rollout(1, 200), rollout(1, 200)], [1, 1], id="all the same"),
    ],
)
def test_length_window_stage_1_next_to_correctness(
    rows: list[dict[str, float]], expected: list[float]
) -> None:
    assert total(rows, 0.7) == pytest.approx(expected)  # ZJU-REAL/LAPO at bd59dfd, weight 0.7


@pytest.mark.parametrize(
    ("budget", "rows", "expected"),
    [
        pytest.param(
            500, [(1, 500), (1, 620), (1, 380), (0, 500)], [1.8, 1.485225, 1.485225, 0], id="known"
        ),
        pytest.param(  # the median is 500
            4096,
            [(1, 400), (1, 500), (1, 900), (0, 10)],
            [1.565319, 1.8, 1.003093, 0],
            id="unknown",
        ),
    ],
)
def test_length_window_stage_2_next_to_correctness(
    budget: float, rows: list[tuple[float, float]], expected: list[float]
) -> None:
    announced = [rollout(correct, tokens, budget=budget) for correct, tokens in rows]
    assert total(announced, 0.8, {"stage": 2}) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param([rollout(1, 300), rollout(0, 300)], {}, [0, 0], id="one correct"),
        pytest.param([rollout(0, 300), rollout(0, 90)], {}, [0, 0], id="nobody correct"),
        pytest.param(  # the window is 130 to 170, and 30 tokens are 0.6 of the width
            [rollout(1, 100), rollout(1, 200)], {"width": 50}, [0.4, 0.4], id="width"
        ),
        pytest.param(
            [rollout(1, 100), rollout(1, 200)], {"low": 0, "high": 1}, [1, 1], id="widest window"
        ),
        pytest.param(  # without it the window is 130 to 170
            [rollout(1, 100), rollout(1, 200), cut_off(1, 150)], {}, [0.7, 0.7, 0], id="cut off"
        ),
        pytest.param(  # no budget: the median is 500
            [rollout(1, 400), rollout(1, 600)],
            {"stage": 2},
            [exp(-100 * 100 / 28800)] * 2,
            id="stage 2 without a budget",
        ),
        pytest.param([rollout(1, 77), rollout(0, 5)], {"stage": 2}, [1, 0], id="stage 2, lone"),
        pytest.param(
            [cut_off(1, 500, budget=500), rollout(1, 510, budget=500)],
            {"stage": 2, "width": 10},
            [0, exp(-0.5)],
            id="stage 2, cut off",
        ),
        pytest.param(
            [rollout(1, 40, budget=1), rollout(1, 60, budget=1)],
            {"stage": 2, "unknown": 1, "width": 10},
            [exp(-0.5), exp(-0.5)],
            id="stage 2, own word for unknown",
        ),
    ],
)
def test_length_window_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("length_window", rows, params) == pytest.approx(expected, abs=1e-6)


def test_length_window_keeps_the_groups_apart() -> None:
    rows = [rollout(1, 100), rollout(1, 2000), rollout(1, 200), rollout(1, 2100)]
    assert values("length_window", rows, {}, [0, 1, 0, 1]) == pytest.approx([0.7] * 4)
