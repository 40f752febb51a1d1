"""`segment_count` and `step_count_tanh`, whose authors published no code: worked by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.rewards.terms.rollouts import rollout, values

HALF = math.sqrt(0.5)  # z of the larger of two, sample deviation


def short(correct: float, count: float) -> dict[str, float]:
    return rollout(correct, 90, steps_from_0=count)


SPREAD = [short(1, 1), short(1, 2), short(1, 3), short(0, 70)]


@pytest.mark.parametrize(
    ("params", "rows", "rewards"),
    [
        pytest.param({}, SPREAD, [6 / 21, 0, -6 / 21, 0], id="short steps"),
        pytest.param({"weights": "equal"}, SPREAD, [1 / 6, 0, -1 / 6, 0], id="equal weights"),
        pytest.param({"weights": "ascending"}, SPREAD, [1 / 21, 0, -1 / 21, 0], id="ascending"),
        pytest.param({"z_limit": 0.5}, SPREAD, [3 / 21, 0, -3 / 21, 0], id="z is cut"),
        pytest.param(
            {},
            [rollout(1, 900, steps_from_256=4), rollout(1, 900, steps_from_256=2)],
            [-HALF / 21, HALF / 21],
            id="long steps weigh least",
        ),
        pytest.param(
            {},
            [
                rollout(1, 900, steps_from_0=1, steps_from_256=5),
                rollout(1, 900, steps_from_0=3, steps_from_256=1),
            ],
            [HALF * 5 / 21, -HALF * 5 / 21],
            id="few short and many long against the reverse",
        ),
        pytest.param(
            {},
            [rollout(1, 90, steps_from_32=1, steps_from_64=1), rollout(1, 90)],
            [-HALF * (4 + 3) / 21, HALF * 7 / 21],
            id="lengths between",
        ),
        pytest.param({}, [short(1, 9), short(0, 2)], [0, 0], id="a lone correct rollout"),
    ],
)
def test_segment_count(
    params: dict[str, Any], rows: list[dict[str, float]], rewards: list[float]
) -> None:
    assert values("segment_count", rows, params) == pytest.approx(rewards, abs=2e-6)


def words(correct: float, keywords: float) -> dict[str, float]:
    return rollout(correct, 90, keywords=keywords)


def steps(correct: float, count: float) -> dict[str, float]:
    return rollout(correct, 90, steps=count)


@pytest.mark.parametrize(
    ("params", "rows", "rewards"),
    [
        pytest.param(  # k is 2 and 4, the mean 3, tanh(1/3) = 0.321513
            {}, [words(1, 1), words(1, 3), words(0, 50)], [0.160756, -0.160756, 0], id="words"
        ),
        pytest.param({"beta": 1}, [words(1, 1), words(1, 3)], [0.321513, -0.321513], id="beta"),
        pytest.param({}, [words(1, 5), words(0, 0)], [0, 0], id="a lone correct rollout"),
        pytest.param(  # tanh(1/2) = 0.462117
            {"count": "steps"},
            [steps(1, 10), steps(1, 30), steps(0, 500)],
            [0.231059, -0.231059, 0],
            id="steps",
        ),
        pytest.param(  # tanh(1) = 0.761594
            {"count": "steps"}, [steps(1, 0), steps(1, 8)], [0.380797, -0.380797], id="none at all"
        ),
        pytest.param({"count": "steps"}, [steps(1, 0), steps(1, 0)], [0, 0], id="nobody has any"),
        pytest.param(  # mean 101 / 11: a giant pays half, its ten others gain
            {"count": "steps"},
            [steps(1, 1)] * 10 + [steps(1, 1000)],
            [0.5 * math.tanh(1 - 11 / 1010)] * 10 + [-0.5],
            id="a giant pays beta at most",
        ),
    ],
)
def test_step_count_tanh(
    params: dict[str, Any], rows: list[dict[str, float]], rewards: list[float]
) -> None:
    assert values("step_count_tanh", rows, params) == pytest.approx(rewards, abs=2e-6)


def test_step_count_tanh_in_the_sum_of_the_paper() -> None:
    """alpha * correct * (1 - beta * tanh) + (1 - alpha) * format, alpha 0.1, beta 0.5."""
    rows = [words(1, 1), words(1, 3), words(0, 9)]
    found = values("step_count_tanh", rows)
    formats = values("format", rows)
    total = [
        0.1 * row["correct"] + 0.1 * value + 0.9 * form
        for row, value, form in zip(rows, found, formats, strict=True)
    ]
    expected = [0.1 * (1 + 0.5 * math.tanh(1 / 3)) + 0.9, 0.1 * (1 - 0.5 * math.tanh(1 / 3)) + 0.9]
    assert total == pytest.approx([*expected, 0.9], abs=2e-6)
