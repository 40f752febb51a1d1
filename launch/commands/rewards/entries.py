"""What `suffice rewards list` and `explain` know: terms, aggregations and weights by their name."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from launch.commands.rewards.bounds import bounds_text
from tagger.errors import UserError, unknown_name

if TYPE_CHECKING:
    from rewards.terms.base import TermKind

TERMS, AGGREGATIONS, WEIGHTS = "terms", "aggregations", "weights"
"""The sections of the list."""

_READS = {
    "audit_verification": "an audit tagger",
    "audit_verification_completion": "an audit tagger",
    "budget": "budget of the problem",
    "reference_accuracy": "reference_accuracy of the problem",
    "forecast_solve_rate": "<predict> blocks",
    "forecast_budget": "<predict> blocks",
}
"""What a column that not every rollout has comes from."""


@dataclass(frozen=True)
class Entry:
    """A line of the list.

    Attributes:
        section: One of `TERMS`, `AGGREGATIONS`, `WEIGHTS`.
        name: In the config.
        what: What it does, in a sentence.
        source: Where it was published, or ``ours``.
        incorrect: What incorrect rollouts get; None for what is no term.
        needs: What a term works with that not every run has; None likewise.
    """

    section: str
    name: str
    what: str
    source: str
    incorrect: str | None = None
    needs: str | None = None


def entries() -> list[Entry]:
    """Everything that has a name, section by section, in the order of the registries."""
    from rewards.terms.registry import term_kind

    found = []
    for section, names in _names().items():
        for name in names:
            text = text_of(section, name)
            what = " ".join(text.partition("\n\n")[0].split())
            if section == TERMS:
                kind = term_kind(name)
                of_term = (kind.source or "ours", pays_incorrect(kind), needs(kind))
                found.append(Entry(section, name, what, *of_term))
            else:
                found.append(Entry(section, name, what, _source(text)))
    return found


def sections_of(name: str) -> list[str]:
    """The sections that a name stands in: ``cosine`` is a term and a weight.

    Raises:
        UserError: None; what was published under that name, or the nearest one, is suggested.
    """
    names = _names()
    found = [section for section, known in names.items() if name in known]
    if not found:
        _refuse_published(name)
        every = {name for known in names.values() for name in known}
        raise unknown_name("reward term, aggregation or weight", name, every)
    return found


def text_of(section: str, name: str) -> str:
    """The documentation of an entry: formula, source, an example."""
    from rewards.aggregation.registry import method_text
    from rewards.terms.registry import term_text
    from rewards.weights import CONTROLLERS

    if section == TERMS:
        return term_text(name)
    if section == AGGREGATIONS:
        return method_text(name)
    return (sys.modules[CONTROLLERS[name].__module__].__doc__ or "").strip()


def pays_incorrect(kind: TermKind) -> str:
    """The values of an incorrect rollout at the default parameters, and what changes them."""
    default: Any = kind.params()
    usual = kind.bounds(default).incorrect
    text = bounds_text(usual)
    if any(field.name == "gate" for field in fields(default)) and default.gate != "none":
        other = kind.bounds(kind.params(**{"gate": "none"})).incorrect
        if other != usual:
            text += f"; gate: none {bounds_text(other)}"
    return text


def needs(kind: TermKind) -> str:
    """What a term works with that not every run has, and with which parameters it does."""
    found = ["groups of 2 or more"] if kind.compares(kind.params()) else []
    found += [f"{_READS[column]} {when}".rstrip() for column, when in kind.reads.items()]
    return ", ".join(dict.fromkeys(found))


def _names() -> dict[str, tuple[str, ...]]:
    from rewards.aggregation.registry import NAMES
    from rewards.terms.registry import MODULES
    from rewards.weights import CONTROLLERS

    return {TERMS: tuple(MODULES), AGGREGATIONS: NAMES, WEIGHTS: tuple(CONTROLLERS)}


_WORD = re.compile(r"[\w+-]+")


def _refuse_published(name: str) -> None:
    """Refuse a name from a paper: GDPO is `normalize_then_sum` here, and nearer to ``drpo``."""
    from rewards.aggregation.registry import PUBLISHED as AGGREGATED
    from rewards.terms.registry import MODULES, term_kind
    from rewards.weights.registry import PUBLISHED as WEIGHED

    paper = name.casefold()
    found = [term for term in MODULES if paper in _WORD.findall(term_kind(term).source.casefold())]
    found += [known[paper] for known in (AGGREGATED, WEIGHED) if paper in known]
    if found:
        raise UserError(
            f"No reward term, aggregation or weight is called {name!r}, but what was published "
            f"under that name is here: "
            f"{', '.join(f'suffice rewards explain {ours}' for ours in found)}."
        )


def _source(text: str) -> str:
    """The paragraph ``Source:`` of a documentation; a schedule without one is nobody's."""
    found = re.search(r"^Source: (.+?)\.?(?:\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return " ".join(found[1].split()) if found else "ours"
