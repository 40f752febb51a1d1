"""`no_thinking_bonus`: numbers of the authors' code, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import rollout, values

PUBLISHED = {"gate": "none", "subtract_reference": True}


def row(correct: float, tokens: float, steps: float, reference: float = -1) -> dict[str, float]:
    return rollout(correct, tokens, steps=steps, reference_accuracy=reference)


HALF = [row(1, 500, 0, 0.5), row(1, 3000, 9, 0.5), row(0, 300, 0, 0.5), row(0, 9000, 9, 0.5)]
EASY = [row(1, 500, 0, 1), row(1, 9000, 9, 1), row(0, 5, 0, 1)]


@pytest.mark.parametrize(
    ("params", "rows", "total"),
    [
        pytest.param(PUBLISHED, HALF, [0.55, 0.5, -0.45, -0.5], id="mixed"),  # at 84cf948
        pytest.param(PUBLISHED, EASY, [0.05, 0, -0.95], id="easy problem"),
        pytest.param({}, HALF, [1.05, 1, 0, 0], id="only correct ones are paid"),
        pytest.param({"gate": "none"}, HALF, [1.05, 1, 0.05, 0], id="everybody is paid"),
        pytest.param({"delta": 0.1}, HALF, [1.1, 1, 0, 0], id="delta 0.1"),
        pytest.param({"delta": 0.0}, EASY, [1, 1, 0], id="delta 0"),
        pytest.param(
            {"subtract_reference": True}, HALF, [0.55, 0.5, -0.5, -0.5], id="gated, less reference"
        ),
        pytest.param(PUBLISHED, [row(1, 9, 0), row(0, 9, 1)], [1.05, 0], id="no reference known"),
    ],
)
def test_no_thinking_bonus_next_to_correctness(
    params: dict[str, Any], rows: list[dict[str, float]], total: list[float]
) -> None:
    found = values("no_thinking_bonus", rows, params)
    sums = [r["correct"] + value for r, value in zip(rows, found, strict=True)]
    assert sums == pytest.approx(total, abs=1e-6)
