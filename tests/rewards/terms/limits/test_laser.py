"""`laser`, `laser_d`, `laser_de`: numbers of the authors' code, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values

EDGES = [rollout(1, 2047), rollout(1, 2048), rollout(1, 2049), rollout(0, 100), rollout(0, 4000)]


def scores(name: str, rows: list[dict[str, float]], params: dict[str, Any]) -> list[float]:
    """The authors' score: 1, -0.5 or, where it was cut off, -1; and half the term."""
    found = values(name, rows, params)
    base = [-1.0 if not r["ended"] else 1.5 * r["correct"] - 0.5 for r in rows]
    return [b + 0.5 * v for b, v in zip(base, found, strict=True)]


@pytest.mark.parametrize(
    ("form", "rows", "expected"),
    [
        pytest.param("reward", EDGES, [1.5, 1.5, 1, -0.5, -0.5], id="reward"),  # at c9e7c4e
        pytest.param("hybrid", EDGES, [1.5, 1.5, 0.5, -0.5, -0.5], id="hybrid"),
        pytest.param("penalty", EDGES, [1, 1, 0.5, -0.5, -0.5], id="penalty"),
        pytest.param("reward", [cut_off(1, 9), cut_off(0, 9)], [-1, -1], id="cut off, reward"),
        pytest.param("penalty", [cut_off(1, 9000)], [-1], id="cut off, penalty"),
        pytest.param("hybrid", [rollout(1, 1), rollout(1, 9999)], [1.5, 0.5], id="far off"),
    ],
)
def test_laser(form: str, rows: list[dict[str, float]], expected: list[float]) -> None:
    assert scores("laser", rows, {"target": 2048, "form": form}) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "rows", "expected"),
    [
        pytest.param(
            "laser_de", [rollout(0, 2000), rollout(0, 9000)], [-0.5, 0], id="all incorrect"
        ),
        pytest.param("laser_d", [rollout(0, 2000), rollout(0, 9000)], [-0.5] * 2, id="d pays not"),
        pytest.param(
            "laser_de",
            [rollout(1, 4096), rollout(1, 4097), rollout(0, 4096), rollout(0, 4097)],
            [1.5, 1, -0.5, 0],
            id="edges",
        ),
        pytest.param(
            "laser_de", [cut_off(0, 9000), cut_off(1, 9)], [-1, -1], id="cut off is never paid"
        ),
        pytest.param(
            "laser_de", [rollout(0, 9000, answered=0)], [-0.5], id="nor is one without an answer"
        ),
        pytest.param(
            "laser_de",
            [rollout(0, 9000, repeated_4grams=share) for share in (0.59, 0.61, 1.0)],
            [0, -0.5, -0.5],
            id="nor one that loops",
        ),
    ],
)
def test_laser_with_one_target_for_all_bands(
    name: str, rows: list[dict[str, float]], expected: list[float]
) -> None:
    assert scores(name, rows, {"target": 4096}) == pytest.approx(expected)


def test_laser_de_takes_what_the_authors_call_a_loop_for_one() -> None:
    from rewards.facts.published import repeated_shares

    loop, distinct = [1, 2] * 6, list(range(40))
    shares = [repeated_shares(ids, [4])[0] for ids in (loop, distinct)]
    rows = [rollout(0, 9000, repeated_4grams=share) for share in shares]
    assert values("laser_de", rows, {"target": 4096}) == [0, 1]
