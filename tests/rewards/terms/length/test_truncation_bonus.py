"""`truncation_bonus`: numbers of JET's code, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rewards.terms.rollouts import cut_off, rollout, values

MIXED = [rollout(1, 1000), rollout(1, 2000), rollout(1, 3000), rollout(0, 500)]


@pytest.mark.parametrize(
    ("shape", "rows", "total"),
    [
        pytest.param("jet", MIXED, [2.19, 1.62, 1.05, 0.1], id="jet, mixed"),
        pytest.param("jet", [rollout(1, 1000)], [1.05], id="jet, one rollout"),
        pytest.param("linear", MIXED, [2, 1.5, 1, 0.1], id="linear, mixed"),
        pytest.param(
            "linear",
            [rollout(1, 700), rollout(1, 700), rollout(0, 700)],
            [2, 2, 0.1],
            id="linear, all the same",
        ),
    ],
)
def test_truncation_bonus_next_to_the_scores_of_jet(
    shape: str, rows: list[dict[str, float]], total: list[float]
) -> None:
    """JinyiHan99/Just-Enough-Think at 89cf33e: 0.9 for a correct answer, 0.1 for a box."""
    found = values("truncation_bonus", rows, {"shape": shape})
    base = [0.9 * row["correct"] + 0.1 for row in rows]
    assert [b + v for b, v in zip(base, found, strict=True)] == pytest.approx(total)


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param([rollout(1, 70), rollout(1, 70)], {}, [0.05, 0.05], id="equal lengths"),
        pytest.param([rollout(0, 70), rollout(0, 90)], {}, [0, 0], id="nobody correct"),
        pytest.param([rollout(1, 5), rollout(0, 1)], {"shape": "linear"}, [1, 0], id="one correct"),
        pytest.param([rollout(0, 5)], {"shape": "linear"}, [0], id="linear, nobody correct"),
        pytest.param(  # a quarter and three quarters of the range
            [rollout(1, n) for n in (200, 100, 400, 500)],
            {"shape": "linear"},
            [0.75, 1, 0.25, 0],
            id="linear, quarters",
        ),
        pytest.param(  # 1.14 times the same and 0.05
            [rollout(1, n) for n in (200, 100, 400, 500)],
            {},
            [0.905, 1.19, 0.335, 0.05],
            id="jet, quarters",
        ),
        pytest.param(
            [rollout(1, 10), rollout(1, 20)], {"alpha": 1.0, "delta": 0.2}, [1, 0.2], id="settings"
        ),
        pytest.param(  # the range is 100 to 300 without it
            [rollout(1, 100), rollout(1, 300), cut_off(1, 900), cut_off(0, 900)],
            {"shape": "linear"},
            [1, 0, 0, 0],
            id="cut off",
        ),
    ],
)
def test_truncation_bonus_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("truncation_bonus", rows, params) == pytest.approx(expected)


def test_truncation_bonus_compares_a_prompt_as_the_paper_or_the_batch_as_the_code() -> None:
    rows = [rollout(1, 100), rollout(1, 200), rollout(1, 600), rollout(1, 1100)]
    groups = [0, 0, 1, 1]
    paper = values("truncation_bonus", rows, {"shape": "linear"}, groups)
    assert paper == pytest.approx([1, 0, 1, 0])
    code = values("truncation_bonus", rows, {"shape": "linear", "scope": "batch"}, groups)
    assert code == pytest.approx([1, 0.9, 0.5, 0])
