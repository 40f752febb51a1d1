"""Reward terms by their config name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.terms import correctness, format, step_count
from rewards.terms.base import RewardTerm, TermBounds, TermKind
from tagger.config.settings import build_settings
from tagger.errors import unknown_name
from tagger.taxonomies.taxonomy import Taxonomy

TERMS: dict[str, TermKind] = {
    "correctness": TermKind(correctness.CorrectnessParams, correctness.build, correctness.bounds),
    "format": TermKind(format.FormatParams, format.build, format.bounds),
    "step_count": TermKind(step_count.StepCountParams, step_count.build, step_count.bounds),
}


def build_term(name: str, params: Mapping[str, Any], taxonomy: Taxonomy) -> RewardTerm:
    """Build a term from its config.

    Args:
        name: Its name in `TERMS`.
        params: Its parameters; defaults where left out.
        taxonomy: Taxonomy of the tagger whose facts it will read.

    Raises:
        UserError: Unknown name, parameter, type or value; the nearest valid one is suggested.
    """
    kind, made = _made(name, params)
    return kind.build(made, taxonomy)


def term_bounds(name: str, params: Mapping[str, Any]) -> TermBounds:
    """The values that a term can have, from its config; arguments and errors as `build_term`."""
    kind, made = _made(name, params)
    return kind.bounds(made)


def _made(name: str, params: Mapping[str, Any]) -> tuple[TermKind, Any]:
    if name not in TERMS:
        raise unknown_name("reward term", name, TERMS)
    kind = TERMS[name]
    return kind, build_settings(kind.params, params, "")
