"""`after_answer_share` and `redundancy_share`: numbers of published code, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.terms.registry import build_term
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import rollout, values


def row(after: float, thinking: float, correct: float = 1.0, **facts: float) -> dict[str, float]:
    where = {"answer_step": 2.0, "tokens_after__VERIFY": after, **facts}
    return rollout(correct, thinking + 5, thinking_tokens=thinking, **where)


NEVER_STATED = rollout(1, 105, thinking_tokens=100)


@pytest.mark.parametrize(
    ("params", "rows", "rewards"),
    [
        pytest.param({}, [row(30, 100), row(30, 300)], [-0.3, -0.1], id="a share, not a number"),
        pytest.param({}, [row(30, 100, tokens_after__META=10)], [-0.4], id="all types alike"),
        pytest.param({}, [row(0, 100), NEVER_STATED], [0, 0], id="nothing follows, never stated"),
        pytest.param({}, [row(90, 100, correct=0)], [0], id="incorrect"),
        pytest.param(
            {"allowance": 0.25}, [row(40, 100), row(20, 100)], [-0.15, 0], id="a quarter is free"
        ),
        pytest.param({}, [row(0, 0)], [0], id="no thinking"),
        pytest.param({}, [row(1, 3)], [-1 / 3], id="not rounded"),
    ],
)
def test_after_answer_share(
    params: dict[str, Any], rows: list[dict[str, float]], rewards: list[float]
) -> None:
    assert values("after_answer_share", rows, params) == pytest.approx(rewards, abs=1e-6)


@pytest.mark.parametrize(
    ("params", "rows", "total"),
    [
        # HenryZhen97/Reconsidering-Overthinking at 1f61c69
        pytest.param({}, [row(37, 100)], [0.63], id="external_redundancy share_0.37"),
        pytest.param({}, [row(50, 100, correct=0)], [0], id="external_redundancy wrong"),
        pytest.param({}, [row(1, 3), row(2, 3)], [0.67, 0.33], id="two digits"),
        pytest.param({"rounded": False}, [row(1, 3), row(2, 3)], [2 / 3, 1 / 3], id="exact"),
        pytest.param(
            {}, [row(3, 1000), row(0, 80)], [1, 1], id="next to nothing rounds to nothing"
        ),
        pytest.param({}, [NEVER_STATED], [1], id="never stated"),
        pytest.param(
            {"unstated": "charged"},
            [NEVER_STATED, row(0, 100), row(25, 100), NEVER_STATED | {"correct": 0.0}],
            [0, 1, 0.75, 0],
            id="never stated counts as incorrect",
        ),
    ],
)
def test_redundancy_share_next_to_correctness(
    params: dict[str, Any], rows: list[dict[str, float]], total: list[float]
) -> None:
    found = values("redundancy_share", rows, params)
    both = [r["correct"] + value for r, value in zip(rows, found, strict=True)]
    assert both == pytest.approx(total, abs=1e-6)


def test_after_answer_share_refuses_an_allowance_that_frees_everything() -> None:
    with pytest.raises(UserError, match="below 1"):
        build_term("after_answer_share", {"allowance": 1}, REASONTYPE)
