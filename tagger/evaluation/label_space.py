"""The label space in which true and predicted types are compared: of either taxonomy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tagger.errors import UserError
from tagger.taxonomies.files import TypeMap, load_type_map
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy

VERIFY = REASONTYPE.get("VERIFY").name


@dataclass(frozen=True)
class LabelSpace:
    """Types to which both true and predicted types are mapped.

    Attributes:
        taxonomy: The types that are scored.
        predicted: For each type of the tagger, its name here.
        labels: For each type of the labels, its name here; None where no type of the tagger can
            ever become it, so that scoring it would only count against the mapping.
        verification: Names of the types that are verification; none if the taxonomy has no such.
    """

    taxonomy: Taxonomy
    predicted: Mapping[str, str]
    labels: Mapping[str, str | None]
    verification: tuple[str, ...]


def verification_of(
    taxonomy: Taxonomy, to_reasontype: Mapping[str, str | None] | None = None
) -> tuple[str, ...]:
    """Types that are verification: by the mapping, else by ReasonType's name or tag."""
    mapped = to_reasontype or {}
    return tuple(
        t.name
        for t in taxonomy.types
        if mapped.get(t.name) == VERIFY or t.name == VERIFY or t.tag == "VERIFY"
    )


def same_space(taxonomy: Taxonomy) -> LabelSpace:
    """The space of labels and a tagger of the same taxonomy."""
    names = {name: name for name in taxonomy.names}
    return LabelSpace(taxonomy, names, names, verification_of(taxonomy))


def space_between(
    tagger: Taxonomy, labels: TypeMap, tagger_map: TypeMap | None = None
) -> LabelSpace:
    """The common space of a tagger and of labels.

    Of ReasonType and another taxonomy, the other one's, which is the coarser; of two others, the
    labels', reached through ReasonType.

    Args:
        tagger: Taxonomy of the tagger.
        labels: Taxonomy of the labels and its mapping.
        tagger_map: Mapping of the tagger's taxonomy; may be None for ReasonType, or where both
            taxonomies are the same.

    Returns:
        The space.

    Raises:
        UserError: The taxonomies differ and the tagger's has no mapping.
    """
    verification = verification_of(labels.taxonomy, labels.to_reasontype)
    if tagger.names == labels.taxonomy.names:
        names = {name: name for name in tagger.names}
        return LabelSpace(labels.taxonomy, names, names, verification)
    if tagger_map is None and tagger.names == REASONTYPE.names:
        tagger_map = load_type_map(REASONTYPE.name)
    if tagger_map is None:
        raise UserError(
            f"The labels are of taxonomy {labels.taxonomy.name!r}, the tagger predicts "
            f"types of {tagger.name!r}, which has no mapping to ReasonType; use a ReasonType "
            f"tagger, or labels of {tagger.name!r}."
        )
    if labels.taxonomy.names == REASONTYPE.names:
        predicted = {name: name for name in tagger.names}
        verification = verification_of(tagger, tagger_map.to_reasontype)
        return LabelSpace(tagger, predicted, dict(tagger_map.from_reasontype), verification)
    there = labels.from_reasontype
    predicted = {name: there[_through(name, tagger_map)] for name in tagger.names}
    reached = set(predicted.values())
    kept = {name: name if name in reached else None for name in labels.taxonomy.names}
    return LabelSpace(labels.taxonomy, predicted, kept, verification)


def _through(name: str, type_map: TypeMap) -> str:
    """ReasonType's type for another taxonomy's: the direct mapping, else the first that fits."""
    direct = type_map.to_reasontype.get(name)
    fitting = (r for r, other in type_map.from_reasontype.items() if other == name)
    return direct or next(fitting, REASONTYPE.get("OTHER").name)
