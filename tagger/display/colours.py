"""One colour a type, the same on every page and in every figure of the kit."""

from __future__ import annotations

from tagger.taxonomies.taxonomy import Taxonomy

TYPE_COLOURS = {
    "VERIFY": "#e8590c", "CONCLUDE": "#2f9e44", "RESTATE": "#9aa7b5", "CONTEXT": "#c0c8d1",
    "RECALL": "#74a5d0", "SUBSTITUTE": "#1971c2", "TRANSFORM": "#4dabf7", "CASE": "#0c8599",
    "PATTERN": "#66d9e8", "HEURISTIC": "#9775fa", "ALTERNATIVE": "#e64980", "INTERPRET": "#94d82d",
    "META": "#fab005", "OTHER": "#868e96",
}  # fmt: skip
"""Colour of each ReasonType tag; checks stand out, the rest stays calm."""

_SPARE = (
    "#1971c2", "#fab005", "#9775fa", "#0c8599", "#e64980", "#94d82d", "#74a5d0", "#c0c8d1",
    "#5f3dc4", "#087f5b", "#a61e4d",
)  # fmt: skip
_CHECK = TYPE_COLOURS["VERIFY"]


def taxonomy_colours(taxonomy: Taxonomy, check: str | None = None) -> list[str]:
    """Colours of a taxonomy's types for a page.

    Args:
        taxonomy: The types. Tags of ReasonType keep their colours; the others get one by order.
        check: Full name of the type that checks stand under, if it has one.

    Returns:
        One ``#rrggbb`` a type, in the taxonomy's order.
    """
    own = {t.tag for t in taxonomy.types} <= set(TYPE_COLOURS)
    if own:
        return [TYPE_COLOURS[t.tag] for t in taxonomy.types]
    spare = iter(_SPARE * (1 + len(taxonomy.types) // len(_SPARE)))
    return [_CHECK if t.name == check else next(spare) for t in taxonomy.types]
