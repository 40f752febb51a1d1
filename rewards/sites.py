"""What the controller of a weight is told of the term it acts on."""

from __future__ import annotations

from collections.abc import Mapping

from rewards.facts.columns import ROLLOUT_COLUMNS, columns
from rewards.terms.base import RewardTerm, Term, TermBounds
from rewards.terms.steps.prices import Scope, Unit, column_of, types_of
from rewards.weights.base import Site, WeightController
from tagger.taxonomies.taxonomy import Taxonomy

_UNITS: tuple[Unit, ...] = ("steps", "tokens")


def site_of(
    name: str,
    term: RewardTerm,
    bounds: TermBounds,
    taxonomy: Taxonomy,
    pays: tuple[WeightController, ...] = (),
    evaluates: bool = False,
    relative: bool = False,
) -> Site:
    """Where the weight of a term acts.

    Args:
        name: Name of the term.
        term: The term; a parameter ``unit`` says what it counts, ``types`` of which types,
            ``scope`` where, ``each`` what one costs.
        bounds: The values it can have.
        taxonomy: Of the tagger.
        pays: Weights of the correctness terms.
        evaluates: Whether the policy is evaluated during training.
        relative: Whether the term compares the rollouts of a group.
    """
    params = term.params if isinstance(term, Term) else None
    unit = getattr(params, "unit", None)
    names = columns(taxonomy)
    # What can charge 1 at most does not charge 1 for each of several steps or tokens.
    within_one = max(map(abs, (*bounds.correct, *bounds.incorrect))) <= 1
    counts, lengths = (
        tuple(names.index(column) for column in _columns(params, of, taxonomy)) for of in _UNITS
    )
    return Site(
        term=name,
        unit=unit if unit in _UNITS else None,
        counts=counts or (ROLLOUT_COLUMNS.index("steps"),),
        lengths=lengths or (ROLLOUT_COLUMNS.index("thinking_tokens"),),
        each=getattr(params, "each", None if relative or within_one else 1.0),
        pays=pays,
        evaluates=evaluates,
        idle=bounds == TermBounds((0.0, 0.0), (0.0, 0.0)),
    )


def _columns(params: object, unit: Unit, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The columns with steps or tokens of the types that a term prices, each where it counts."""
    types = getattr(params, "types", None)
    if not isinstance(types, Mapping):
        return ()
    own: Scope = getattr(params, "scope", "thinking")
    found = [
        column_of(tag, unit, getattr(price, "scope", None) or own)
        for key, price in types.items()
        for tag in types_of(str(key), taxonomy)
    ]
    return tuple(dict.fromkeys(found))
