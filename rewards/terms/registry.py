"""Reward terms by their config name."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from rewards.terms import length, limits, steps
from rewards.terms.base import RewardTerm, TermBounds, TermKind
from tagger.config.settings import build_settings
from tagger.errors import UserError, unknown_name
from tagger.taxonomies.taxonomy import Taxonomy

MODULES: dict[str, str] = {
    "correctness": "rewards.terms.correctness",
    "format": "rewards.terms.format",
    **{
        name: f"{family.__name__}.{name}"
        for family in (steps, length, limits)
        for name in family.NAMES
    },
}
"""The module of each term; it holds its ``KIND`` and, as its docstring, its documentation."""


def term_kind(name: str) -> TermKind:
    """A kind of term by its name.

    Raises:
        UserError: Unknown name; the nearest valid one is suggested.
    """
    if name not in MODULES:
        raise unknown_name("reward term", name, MODULES)
    kind: TermKind = import_module(MODULES[name]).KIND
    return kind


def build_term(name: str, params: Mapping[str, Any], taxonomy: Taxonomy) -> RewardTerm:
    """Build a term from its config.

    Args:
        name: Its name in `MODULES`.
        params: Its parameters; defaults where left out.
        taxonomy: Taxonomy of the tagger whose facts it will read.

    Raises:
        UserError: Unknown name, parameter, type or value; the nearest valid one is suggested.
    """
    kind = term_kind(name)
    return kind.build(build_settings(kind.params, params, ""), taxonomy)


def check_own_keys(kind: str, name: str, given: Iterable[str]) -> None:
    """Refuse a misspelled ``weight`` or ``kind``, which are no parameters of a term.

    Args:
        kind: The term's name in `MODULES`.
        name: What it is called in the config.
        given: Keys of its section that are neither.

    Raises:
        UserError: There is one; or an unknown kind.
    """
    params = typing.get_type_hints(term_kind(kind).params)
    for key in given:
        if key in params:
            continue
        near = difflib.get_close_matches(str(key), (*params, "weight", "kind"), n=1, cutoff=0.7)
        if near and near[0] not in params:
            raise UserError(f"Unknown key reward.terms.{name}.{key}; did you mean {near[0]!r}?")


def term_bounds(name: str, params: Mapping[str, Any]) -> TermBounds:
    """The values that a term can have, from its config; arguments and errors as `build_term`."""
    kind = term_kind(name)
    return kind.bounds(build_settings(kind.params, params, ""))


def compares(name: str, params: Mapping[str, Any]) -> bool:
    """Whether a term compares the rollouts of a group; arguments and errors as `build_term`."""
    kind = term_kind(name)
    return kind.compares(build_settings(kind.params, params, ""))


def term_text(name: str) -> str:
    """The documentation of a term: formula, source, differences, an example; errors as above."""
    term_kind(name)
    return (import_module(MODULES[name]).__doc__ or "").strip()
