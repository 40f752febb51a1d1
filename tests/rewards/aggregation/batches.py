"""Batches of scored rollouts written by hand, or drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from hypothesis import strategies as st

from rewards.aggregation.base import ScoredRollouts

NAMES = ("correctness", "steps", "tokens")


def scored(
    terms: Sequence[Sequence[float]],
    weights: Sequence[float],
    groups: Sequence[int] | None = None,
    tokens: Sequence[float] | None = None,
    names: Sequence[str] = NAMES,
) -> ScoredRollouts:
    """A batch whose first term is correctness; one group unless `groups` says otherwise."""
    table = torch.tensor(terms, dtype=torch.float64)
    rows, count = table.shape
    return ScoredRollouts(
        terms=table,
        weights=torch.tensor(weights, dtype=torch.float64),
        groups=torch.tensor(groups or [0] * rows),
        correct=table[:, 0] > 0,
        tokens=torch.tensor(tokens or [100.0] * rows, dtype=torch.float64),
        names=tuple(names[:count]),
        correctness=(True,) + (False,) * (count - 1),
    )


def charged(
    *rows: tuple[int, int], weight: float = 0.1, groups: Sequence[int] | None = None
) -> ScoredRollouts:
    """Rollouts as (correct, steps): correctness at weight 1, a charge a step on correct ones."""
    terms = [[float(correct), -float(correct * steps)] for correct, steps in rows]
    return scored(terms, [1.0, weight], groups)


GROUP = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8), st.integers(1, 400), st.booleans()),
    min_size=4,
    max_size=4,
)


@st.composite
def batches(draw: st.DrawFn, groups: int = 3) -> ScoredRollouts:
    """Groups of four: correctness, a charge by steps and one by tokens that may not apply."""
    found = [draw(GROUP) for _ in range(draw(st.integers(1, groups)))]
    terms, tokens = [], []
    for correct, steps, length, applies in (row for group in found for row in group):
        charge = -length / 400 if applies else float("nan")
        terms.append([float(correct), -float(correct * steps), charge])
        tokens.append(float(length))
    weights = [1.0, draw(st.sampled_from([0.0, 0.01, 0.1])), draw(st.sampled_from([0.0, 0.2]))]
    return scored(terms, weights, [i // 4 for i in range(len(terms))], tokens)
