"""The step types that a rule names, and how its sentences call them."""

from __future__ import annotations

from collections.abc import Sequence

from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy


def named_types(rule: str, types: str | Sequence[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """Look the types of a rule up.

    Args:
        rule: The rule's name, for errors.
        types: Full name or tag of one type, or several.
        taxonomy: Where they are looked up.

    Returns:
        Their full names, each once.

    Raises:
        UserError: No type is named, or an unknown one.
    """
    given = (types,) if isinstance(types, str) else tuple(types)
    if not given:
        raise UserError(f"Stopping rule {rule!r} has no types; name at least one, e.g. VERIFY.")
    return tuple(dict.fromkeys(taxonomy.get(t).name for t in given))


def steps_in_words(count: int, types: Sequence[str]) -> str:
    """A number of steps of some types, e.g. ``2 verification or meta-cognition steps``."""
    kinds = " or ".join(t.split(" / ")[0].lower() for t in types)
    return f"{count} {kinds} {'step' if count == 1 else 'steps'}"
