"""`shortest_correct`: numbers of ShorterBetter's code and of ASRR's, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values

PUBLISHED = {"gate": "none", "cap": float("inf")}
MIXED = [rollout(1, 1000), rollout(1, 3000), rollout(0, 500), rollout(0, 1000)]


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(MIXED, [2, 0, -0.5, 0], id="mixed"),
        pytest.param(  # the target is the mean
            [rollout(0, 1000), rollout(0, 2000), rollout(0, 6000)], [-2, -1, -3], id="all wrong"
        ),
    ],
)
def test_shortest_correct_next_to_twice_correctness(
    rows: list[dict[str, float]], total: list[float]
) -> None:
    """JingyangYi/ShorterBetter at 6399366: 2 for a correct answer."""
    found = values("shortest_correct", rows, PUBLISHED)
    base = [2 * row["correct"] for row in rows]
    assert [b + v for b, v in zip(base, found, strict=True)] == pytest.approx(total)


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(
            [rollout(1, 1000), rollout(1, 2024), rollout(1, 3048), rollout(1, 9000)],
            [1, 0.75, 0.5, 0.5],
            id="all correct",
        ),
        pytest.param(
            [rollout(1, 1000), rollout(1, 9000), rollout(0, 50)], [1, 1, 0], id="one wrong"
        ),
        # by hand from here: 0.5 * min(1, distance / 2048)
        pytest.param([rollout(1, 1000), rollout(1, 1512)], [1, 0.875], id="a quarter"),
        pytest.param([rollout(1, 700)], [1], id="lone"),
        pytest.param([rollout(1, 50)] * 3, [1, 1, 1], id="equal"),
        pytest.param([rollout(0, 50), rollout(0, 9000)], [0, 0], id="all wrong"),
    ],
)
def test_shortest_correct_as_asrr(rows: list[dict[str, float]], total: list[float]) -> None:
    """pixas/DECS at 0d12e53: weight 0.5 next to correctness."""
    found = values("shortest_correct", rows, {"gate": "group_solved", "scale": 2048})
    correct = [row["correct"] for row in rows]
    assert [c + 0.5 * v for c, v in zip(correct, found, strict=True)] == pytest.approx(total)


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param(MIXED, {}, [0, -1, 0, 0], id="incorrect spared and charge capped by default"),
        pytest.param([rollout(1, 800), rollout(0, 5)], {}, [0, 0], id="lone correct"),
        pytest.param([rollout(1, 80), rollout(1, 80)], {}, [0, 0], id="equal lengths"),
        pytest.param([rollout(0, 80), rollout(0, 90)], {}, [0, 0], id="nobody correct"),
        pytest.param(
            [rollout(1, 80), rollout(1, 105), rollout(1, 180)],
            {"scale": 50, "cap": 0.75},
            [0, -0.5, -0.75],
            id="scale and cap",
        ),
        pytest.param([rollout(1, 100), cut_off(1, 400)], {}, [0, -0.3], id="cut off pays"),
        pytest.param(
            [rollout(1, 100), rollout(1, 400), rollout(0, 700)],
            {"gate": "group_solved", "solved": 0.6},
            [0, -0.3, 0],
            id="two thirds solved",
        ),
        pytest.param(
            [rollout(1, 400), rollout(0, 100)], {"gate": "none"}, [0, -0.3], id="short and wrong"
        ),
    ],
)
def test_shortest_correct_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("shortest_correct", rows, params) == pytest.approx(expected)


def test_shortest_correct_keeps_the_groups_apart() -> None:
    rows = [rollout(1, 100), rollout(1, 700), rollout(1, 200), rollout(1, 900)]
    assert values("shortest_correct", rows, {}, [0, 1, 0, 1]) == pytest.approx([0, 0, -0.1, -0.2])
