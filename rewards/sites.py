"""What the controller of a weight is told of the term it acts on."""

from __future__ import annotations

from collections.abc import Mapping

from rewards.facts.columns import ROLLOUT_COLUMNS, columns
from rewards.terms.base import RewardTerm, Term, TermBounds
from rewards.weights.base import Site, WeightController
from tagger.taxonomies.taxonomy import Taxonomy


def site_of(
    name: str,
    term: RewardTerm,
    bounds: TermBounds,
    taxonomy: Taxonomy,
    pays: tuple[WeightController, ...] = (),
    evaluates: bool = False,
    redraws: bool = False,
) -> Site:
    """Where the weight of a term acts.

    Args:
        name: Name of the term.
        term: The term; a parameter ``unit`` says what it counts, ``types`` of which types.
        bounds: The values it can have.
        taxonomy: Of the tagger.
        pays: Weights of the correctness terms.
        evaluates: Whether the policy is evaluated during training.
        redraws: Whether groups without spread are drawn again.
    """
    params = term.params if isinstance(term, Term) else None
    unit = getattr(params, "unit", None)
    types = getattr(params, "types", None)
    tags = _tags(types, taxonomy) if isinstance(types, Mapping) else ()
    names = columns(taxonomy)
    counts = tuple(names.index(f"count/{tag}") for tag in tags)
    lengths = tuple(names.index(f"tokens/{tag}") for tag in tags)
    return Site(
        term=name,
        unit=unit if unit in ("steps", "tokens") else None,
        counts=counts or (ROLLOUT_COLUMNS.index("steps"),),
        lengths=lengths or (ROLLOUT_COLUMNS.index("thinking_tokens"),),
        pays=pays,
        evaluates=evaluates,
        redraws=redraws,
        idle=bounds == TermBounds((0.0, 0.0), (0.0, 0.0)),
    )


def _tags(types: Mapping[str, object], taxonomy: Taxonomy) -> tuple[str, ...]:
    """The types that a mapping of prices names; a key may join several by ``+``."""
    known = {*taxonomy.tags, *taxonomy.names, *taxonomy.aliases}
    parts = [p.strip() for key in types for p in ([key] if key in known else str(key).split("+"))]
    return tuple(dict.fromkeys(taxonomy.get(part).tag for part in parts))
