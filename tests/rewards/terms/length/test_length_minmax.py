"""`length_minmax`: numbers of Laser's copy of Kimi's term, open-r1's and REA-RL's, and by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values

PUBLISHED = {"gate": "none"}
MIXED = [rollout(1, 100), rollout(1, 300), rollout(0, 200), rollout(0, 500)]


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(MIXED, [1.2, 1, -0.5, -0.7], id="mixed"),
        pytest.param(
            [rollout(0, 1000), rollout(0, 2000), rollout(0, 3000)], [-0.5, -0.5, -0.7], id="wrong"
        ),
    ],
)
def test_length_minmax_next_to_the_scores_of_laser(
    rows: list[dict[str, float]], total: list[float]
) -> None:
    base = [1.0 if row["correct"] else -0.5 for row in rows]  # hkust-nlp/Laser at c9e7c4e
    found = values("length_minmax", rows, PUBLISHED)
    assert [b + 0.4 * v for b, v in zip(base, found, strict=True)] == pytest.approx(total)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(MIXED, [0.5, 0, 0, -0.5], id="mixed"),
        pytest.param([rollout(1, 50), rollout(0, 50)], [0, 0], id="all the same"),
        pytest.param([rollout(1, 50)], [0], id="lone"),  # by hand from here
        pytest.param([rollout(0, 10), rollout(0, 20)], [0, -0.5], id="nobody correct"),
        pytest.param(  # an easy prompt's 100 tokens next to a hard one's 900
            [rollout(1, 100), rollout(1, 900)], [0.5, -0.5], id="prompts mixed"
        ),
        pytest.param(
            [rollout(1, 200), rollout(0, 100), rollout(1, 500)], [0.25, 0, -0.5], id="a quarter"
        ),
    ],
)
def test_length_minmax_of_open_r1_spans_the_whole_batch(
    rows: list[dict[str, float]], expected: list[float]
) -> None:
    params = {**PUBLISHED, "scope": "batch"}
    assert values("length_minmax", rows, params, list(range(len(rows)))) == expected


def test_length_minmax_of_rea_rl_is_among_correct_rollouts() -> None:
    """Next to a score of -0.5 for incorrect rollouts (hexuandeng/REA-RL at 50d4c5c)."""
    rows = [rollout(1, 1000), rollout(1, 2000), rollout(1, 3000), rollout(0, 500)]
    found = values("length_minmax", rows, {"among": "correct"})
    base = [0.0 if row["correct"] else -0.5 for row in rows]
    assert [b + v for b, v in zip(base, found, strict=True)] == [0.5, 0, -0.5, -0.5]
    assert values("length_minmax", [rollout(1, 700)], {"among": "correct"}) == [0]


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param([rollout(1, 100)] * 2 + [rollout(0, 9)], [0, 0, -0.5], id="equal"),
        pytest.param([rollout(0, 100), rollout(0, 900)], [-0.5, -0.5], id="nobody correct"),
        pytest.param(  # 0.5 - 100 / 400
            [rollout(1, n) for n in (200, 100, 500)], [0.25, 0.5, -0.5], id="a quarter"
        ),
        pytest.param(
            [rollout(1, 300), rollout(0, 1), rollout(1, 100)], [-0.5, -0.5, 0.5], id="short wrong"
        ),
    ],
)
def test_length_minmax_of_rea_rl_by_hand(rows: list[dict[str, float]], total: list[float]) -> None:
    found = values("length_minmax", rows, {"among": "correct"})
    base = [0.0 if row["correct"] else -0.5 for row in rows]
    assert [b + v for b, v in zip(base, found, strict=True)] == pytest.approx(total)


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param(MIXED, {}, [0.5, 0, 0, 0], id="incorrect spared by default"),
        pytest.param([rollout(1, 900)], {}, [0], id="lone"),
        pytest.param([rollout(1, 70), rollout(1, 70)], {}, [0, 0], id="equal lengths"),
        pytest.param([rollout(0, 70), rollout(0, 90)], {}, [0, 0], id="nobody correct"),
        pytest.param(  # a giant that was cut off sets the range
            [rollout(1, 100), rollout(1, 200), cut_off(0, 1100)], {}, [0.5, 0.4, 0], id="giant"
        ),
        pytest.param(  # 1.2 of the range, kept within the bounds
            [rollout(1, 100), rollout(1, 600), cut_off(1, 700)],
            {"among": "correct"},
            [0.5, -0.5, -0.5],
            id="correct but cut off pays",
        ),
        pytest.param(
            [cut_off(1, 100), rollout(1, 300)], {}, [0, -0.5], id="correct but cut off is not paid"
        ),
        pytest.param(
            [cut_off(1, 100), rollout(1, 300), cut_off(0, 500)],
            PUBLISHED,
            [0, 0, 0],
            id="cut off left alone as published",
        ),
        pytest.param(
            [rollout(1, 100), rollout(1, 300)], {"gate": "group_solved"}, [0.5, -0.5], id="solved"
        ),
        pytest.param(MIXED, {"gate": "group_solved"}, [0, 0, 0, 0], id="not solved"),
        pytest.param(
            MIXED, {"gate": "group_solved", "solved": 0.5}, [0.5, 0, 0, 0], id="half solved"
        ),
    ],
)
def test_length_minmax_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("length_minmax", rows, params) == pytest.approx(expected)


def test_length_minmax_scope() -> None:
    rows = [rollout(1, 100), rollout(1, 200), rollout(1, 1000), rollout(1, 2000)]
    assert values("length_minmax", rows, {}, [0, 0, 1, 1]) == [0.5, -0.5, 0.5, -0.5]
    whole = values("length_minmax", rows, {"scope": "batch"}, [0, 0, 1, 1])
    assert whole == pytest.approx([0.5, 0.447368, 0.026316, -0.5], abs=1e-6)
