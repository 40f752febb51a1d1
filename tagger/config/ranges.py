"""Settings of a back end from plain data, as a tagger folder holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from tagger.errors import UserError, unknown_name

T = TypeVar("T")


def settings_from(kind: type[T], values: Mapping[str, Any], what: str) -> T:
    """Build a settings dataclass from a mapping; its defaults fill what is left out.

    Args:
        kind: The dataclass.
        values: Settings by name.
        what: What a key is called in errors, e.g. ``"student setting"``.

    Raises:
        UserError: An unknown key (the nearest one is named), or what the dataclass refuses.
    """
    known = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise unknown_name(what, key, known)
    return kind(**values)


def refuse_outside(what: str, values: Mapping[str, tuple[float, float, float]]) -> None:
    """Raise for the first value that lies outside its range.

    Args:
        what: What the values are called, e.g. ``"Encoder setting"``.
        values: ``(value, least, most)`` by name.

    Raises:
        UserError: One does; a NaN lies outside every range.
    """
    for name, (value, least, most) in values.items():
        if not least <= value <= most:
            raise UserError(f"{what} {name} is {value}; it must lie between {least} and {most}.")
