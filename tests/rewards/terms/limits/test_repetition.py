"""`repetition`: TRL's own function, and worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.facts.published import NGRAM_SIZES, repeated_shares
from tests.rewards.terms.rollouts import rollout, values


def of_ids(ids: list[int], correct: float = 1) -> dict[str, float]:
    """A rollout with the facts that these token ids have."""
    names = [f"repeated_{size}grams" for size in NGRAM_SIZES]
    return rollout(correct, len(ids), **dict(zip(names, repeated_shares(ids), strict=True)))


@pytest.mark.parametrize(
    ("ids", "ngram", "expected"),
    [
        ([1, 2, 3, 4], 2, 0),
        ([5, 5, 5, 5, 5], 2, -0.75),
        ([1, 2, 3, 9, 1, 2, 3], 3, -0.2),
        ([1, 2], 3, 0),  # shorter than an n-gram
        ([7] * 10, 3, -7 / 8),
        ([1, 2] * 3, 2, -3 / 5),  # 12 21 12 21 12
        ([1, 2, 3, 4] * 2, 4, -1 / 5),
        ([1, 2, 3, 4, 5, 6] * 2, 6, -1 / 7),
    ],
)
def test_repetition(ids: list[int], ngram: int, expected: float) -> None:
    found = values("repetition", [of_ids(ids)], {"ngram": ngram})
    assert found == pytest.approx([expected], abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), max_size=20), min_size=1), st.sampled_from(NGRAM_SIZES))
def test_repetition_ungated_equals_trl(completions: list[list[int]], ngram: int) -> None:
    from trl.rewards.other_rewards import get_repetition_penalty_reward

    params: dict[str, Any] = {"ngram": ngram, "gate": "none"}
    found = values("repetition", [of_ids(ids, correct=0) for ids in completions], params)
    wanted = get_repetition_penalty_reward(ngram_size=ngram)(completions)
    assert found == pytest.approx(wanted, abs=1e-6)


def test_repetition_spares_incorrect_rollouts_by_default() -> None:
    found = values("repetition", [of_ids([5] * 9, correct=0), of_ids([5] * 9)])
    assert found == pytest.approx([0, -6 / 7])
