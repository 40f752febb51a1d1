"""`keyword_reflection`: numbers of ARLCP's code (at d2c0a53), and worked by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from rewards.terms.registry import build_term
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.thinking.keywords import count_keywords
from tests.rewards.terms.rollouts import cut_off, rollout, values

HALF = math.sqrt(0.5)  # z of the larger of two, sample deviation


def row(correct: float, tokens: float, keywords: float) -> dict[str, float]:
    return rollout(correct, tokens, keywords_completion=keywords)


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        pytest.param(
            [row(1, 1000, 10), row(1, 2000, 30), row(1, 3000, 50), row(0, 4000, 90)],
            [0.9462117, 0.9, 0.8537883, 0],
            id="arlcp mixed",
        ),
        pytest.param([row(1, 1234, 99)], [0.9], id="arlcp one rollout correct"),
        pytest.param([row(0, 100, 3), row(0, 900, 60)], [0, 0], id="nobody correct"),
        pytest.param([row(1, 500, 7), row(1, 500, 7)], [0.9, 0.9], id="alike"),
        pytest.param(  # z_L = 0 for both
            [row(1, 500, 40), row(1, 500, 41)],
            [1 - 0.05 * sigmoid(-HALF) - 0.075, 1 - 0.10 * sigmoid(HALF) - 0.05],
            id="forty are few, forty-one are not",
        ),
        pytest.param(
            [row(1, 500, 80), row(1, 500, 81)],
            [1 - 0.10 * sigmoid(-HALF) - 0.05, 1 - 0.15 * sigmoid(HALF) - 0.025],
            id="eighty are not many, eighty-one are",
        ),
        pytest.param(  # z_n = 0 for both
            [row(1, 100, 90), row(1, 300, 90)],
            [1 - 0.075 - 0.05 * sigmoid(-HALF), 1 - 0.075 - 0.05 * sigmoid(HALF)],
            id="length alone differs, and weighs little next to many keywords",
        ),
        pytest.param(
            [row(1, 100, 10), cut_off(0, 9000, keywords_completion=500), row(1, 300, 10)],
            [1 - 0.025 - 0.15 * sigmoid(-HALF), 0, 1 - 0.025 - 0.15 * sigmoid(HALF)],
            id="cut-off rollouts are in no mean",
        ),
    ],
)
def test_keyword_reflection_next_to_correctness(
    rows: list[dict[str, float]], total: list[float]
) -> None:
    found = values("keyword_reflection", rows)
    both = [r["correct"] + v for r, v in zip(rows, found, strict=True)]
    assert both == pytest.approx(total, abs=2e-6)


def test_keyword_reflection_is_not_monotone_where_the_weights_change() -> None:
    forty, forty_one, _ = values(
        "keyword_reflection", [row(1, 3000, 40), row(1, 3000, 41), row(1, 1, 60)]
    )
    assert (forty, forty_one) == pytest.approx((-0.113535, -0.101041), abs=2e-5)
    assert forty_one > forty  # equal length, more keywords, more reward


def test_keyword_reflection_bands_for_shorter_thinking() -> None:
    rows = [row(1, 500, 1), row(1, 500, 3)]
    found = values("keyword_reflection", rows, {"few": 2, "many": 2})
    expected = [-0.05 * sigmoid(-HALF) - 0.075, -0.15 * sigmoid(HALF) - 0.025]
    assert found == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ("Wait, but let me double-check. Hmm.", 4),
        ("but butter oh ohm check checked checking recheck", 3),
    ],
)
def test_keyword_reflection_counts_as_arlcp(text: str, keywords: int) -> None:
    assert count_keywords(text) == keywords


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"few": 50, "many": 20}, "few 50 of .* is more than many 20"),
        ({"few": -1}, "at least 0"),
        ({"epsilon": 1}, "Unknown parameter"),
    ],
)
def test_keyword_reflection_refuses(params: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        build_term("keyword_reflection", params, REASONTYPE)
