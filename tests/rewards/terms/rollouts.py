"""Facts tables written by hand, and what a reward makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from rewards.facts.columns import MAY_BE_ABSENT, columns
from rewards.terms.registry import build_term, term_bounds
from tagger.taxonomies.taxonomy import REASONTYPE

NAMES = columns(REASONTYPE)


def rollout(correct: float, tokens: float, **facts: float) -> dict[str, float]:
    """A rollout that ended, thought and answered; `facts` override, e.g. ``count__VERIFY=2``."""
    usual = {"format_ok": 1.0, "finished": 1.0, "ended": 1.0, "thought": 1.0, "answered": 1.0}
    absent = dict.fromkeys(MAY_BE_ABSENT, -1.0) | {"answer_step": -1.0}
    named = {name.replace("__", "/"): value for name, value in facts.items()}
    return {**usual, **absent, "correct": correct, "tokens": tokens, **named}


def cut_off(correct: float, tokens: float, **facts: float) -> dict[str, float]:
    """A rollout that the length limit cut off."""
    return rollout(correct, tokens, ended=0.0, finished=0.0, **facts)


def table(rows: Sequence[Mapping[str, float]]) -> torch.Tensor:
    """The facts table of rollouts, (B, C)."""
    for row in rows:
        assert set(row) <= set(NAMES), set(row) - set(NAMES)
    return torch.tensor([[row.get(name, 0.0) for name in NAMES] for row in rows])


def values(
    name: str,
    rows: Sequence[Mapping[str, float]],
    params: Mapping[str, Any] | None = None,
    groups: Sequence[int] | None = None,
) -> list[float]:
    """A term of each rollout, unweighted; all are of one group unless `groups` says otherwise.

    Every value is checked against the term's declared bounds.
    """
    term = build_term(name, params or {}, REASONTYPE)
    found = term(table(rows), torch.tensor(groups or [0] * len(rows))).tolist()
    bounds = term_bounds(name, params or {})
    for row, value in zip(rows, found, strict=True):
        least, most = bounds.correct if row["correct"] > 0 else bounds.incorrect
        assert value != value or least - 1e-6 <= value <= most + 1e-6
    return list(found)
