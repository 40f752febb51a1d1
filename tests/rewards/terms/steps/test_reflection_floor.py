"""`reflection_floor`: numbers of REA-RL's code (at 50d4c5c), and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.facts.published import reflection_hits
from tests.rewards.terms.rollouts import rollout, values


def row(places: float, tokens: float, correct: float = 1.0) -> dict[str, float]:
    return rollout(correct, tokens + 5, reflections=places, thinking_tokens=tokens)


@pytest.mark.parametrize(
    ("params", "rows", "rewards"),
    [
        pytest.param(
            {},
            [row(reflection_hits("wait, but check"), 1000), row(reflection_hits("butter"), 1000)],
            [0.22509, 0.22509],
            id="rearl: close hits count once, substrings count",
        ),
        pytest.param(
            {}, [row(2, 1000), row(2, 450.18), row(9, 100)], [0.45018, 1, 1], id="one at most"
        ),
        pytest.param({}, [row(0, 500), row(0, 0)], [0, 0], id="no place, no thinking"),
        pytest.param(
            {"form": "paper"},
            [row(1, 1000), row(2, 100), row(0, 500), row(0, 0)],
            [-0.77491, 0, -1, -1],
            id="the paper's pure floor",
        ),
        pytest.param(
            {},
            [row(1, 1000, correct=0), row(1, 500, correct=0)],
            [0.22509, 0.45018],
            id="incorrect ones are paid, the shorter the more",
        ),
        pytest.param(
            {"gate": "correct"}, [row(1, 1000), row(1, 1000, correct=0)], [0.22509, 0], id="gate"
        ),
        pytest.param(
            {"gate": "correct", "form": "paper"}, [row(0, 9), row(0, 9, 0)], [-1, 0], id="both"
        ),
        pytest.param({"tokens_per_reflection": 156.60}, [row(1, 1000)], [0.1566], id="variant"),
        pytest.param({"tokens_per_reflection": 299.11}, [row(2, 1000)], [0.59822], id="another"),
    ],
)
def test_reflection_floor(
    params: dict[str, Any], rows: list[dict[str, float]], rewards: list[float]
) -> None:
    assert values("reflection_floor", rows, params) == pytest.approx(rewards, abs=1e-6)
