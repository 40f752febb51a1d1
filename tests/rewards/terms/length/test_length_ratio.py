"""`length_ratio`: numbers of prime-rl's pull request on GR3, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values

MIXED = [rollout(1, 100), rollout(1, 200), rollout(1, 300), rollout(0, 150)]


def total(rows: list[dict[str, float]], params: dict[str, Any] | None = None) -> list[float]:
    """With correctness at weight 1."""
    found = values("length_ratio", rows, params)
    return [row["correct"] + value for row, value in zip(rows, found, strict=True)]


def test_length_ratio_in_pull_request_2040() -> None:
    found = total(MIXED)
    assert found == pytest.approx([0.85034, 0.739645, 0.65445, 0], abs=1e-5)
    mean = sum(found) / 4
    advantages = [0.289231, 0.178536, 0.093341, -0.561109]
    assert [value - mean for value in found] == pytest.approx(advantages, abs=1e-5)


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param(
            [rollout(1, 500), rollout(1, 500), rollout(0, 500)],
            {},
            [0.75188, 0.75188, 0],
            id="all the same",
        ),
        pytest.param([rollout(1, 9)], {}, [1 / 1.33], id="lone"),
        pytest.param([rollout(0, 9), rollout(0, 90)], {}, [0, 0], id="nobody correct"),
        pytest.param(
            [rollout(1, 100), rollout(1, 300)], {"alpha": 1.0}, [1 / 1.5, 1 / 2.5], id="alpha 1"
        ),
        pytest.param(  # the mean is 1,000
            [rollout(1, 100), cut_off(0, 1900)],
            {},
            [1 / 1.033, 0],
            id="incorrect count in the mean",
        ),
        pytest.param(  # twice the mean of 200
            [rollout(0, 100), rollout(0, 100), cut_off(1, 400)],
            {"alpha": 0.5},
            [0, 0, 1 / 2],
            id="correct but cut off pays",
        ),
    ],
)
def test_length_ratio_next_to_correctness(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert total(rows, params) == pytest.approx(expected, abs=1e-5)


def test_length_ratio_keeps_the_groups_apart() -> None:
    rows = [rollout(1, 10), rollout(1, 1000), rollout(1, 30), rollout(1, 3000)]
    found = values("length_ratio", rows, {"alpha": 1.0}, [0, 1, 0, 1])
    assert found == pytest.approx([1 / 1.5 - 1, 1 / 1.5 - 1, 1 / 2.5 - 1, 1 / 2.5 - 1])
