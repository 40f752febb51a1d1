"""What pydantic found wrong with settings, in one sentence that names key, value and remedy."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from tagger.errors import unknown_name

if TYPE_CHECKING:
    from pydantic import ValidationError


def sentence(kind: type[Any], values: Mapping[str, Any], error: ValidationError) -> str:
    """The first error: unknown keys before missing ones, these before values.

    Args:
        kind: The settings class that was to be built.
        values: Of what.
        error: What pydantic raised.
    """
    order = {"extra_forbidden": 0, "invalid_key": 0, "missing": 1}
    first = min(error.errors(include_url=False), key=lambda e: order.get(e["type"], 2))
    if first["type"] in ("extra_forbidden", "invalid_key"):
        return unknown_key(kind, first["loc"])
    keys, hint, value = _followed(kind, values, first["loc"])
    if first["loc"][-1] == "[key]":
        return f"{_named(kind, keys[:-1])} has the key {first['input']!r}; keys must be text."
    if first["type"] == "missing":
        owner = f" of {kind.OWNER}" if kind.OWNER else ""
        return f"the {kind.KEY.split()[-1]} {'.'.join(keys)}{owner} is missing."
    if first["type"] == "value_error":  # what a settings class says itself
        return str(first["ctx"]["error"])
    return wrong_value(_named(kind, keys), value, hint)


def wrong_value(name: str, value: object, hint: Any) -> str:
    """The sentence for a value that its annotation does not allow."""
    options = [o for o in options_of(hint) if o is not type(None)]
    if section_of(hint) is not None and not isinstance(value, Mapping):
        return no_mapping(name, value)
    if isinstance(value, str) and all(typing.get_origin(o) is Literal for o in options):
        words = [str(word) for o in options for word in typing.get_args(o)]
        return str(unknown_name(f"value of {name}", value, words, listed=words))
    return f"{name} is {value!r}; it must be {wanted(hint)}."


def no_mapping(name: str, value: object) -> str:
    """The sentence for a section that is none."""
    return f"{name} must be a mapping of keys to values; it is {value!r}."


def unknown_key(kind: type[Any], path: Sequence[int | str], hidden: Collection[str] = ()) -> str:
    """The sentence for an unknown key; a key that belongs to another section is told to which.

    Args:
        kind: The settings class.
        path: The key, behind the sections that lead to it.
        hidden: Fields that are no keys.
    """
    what = f"{kind.KEY} of {kind.OWNER}" if kind.OWNER else kind.KEY
    *sections, last = map(str, path)
    places = [] if last in hidden else list(_places(kind, last))
    hint: Any = kind
    for section in sections:
        hint = below(hint, section)
    kind = section_of(hint) or kind
    prefix = "".join(f"{section}." for section in sections)
    known = [name for name in hints_of(kind) if name not in hidden]
    if places:
        meant = min(places, key=lambda place: not place.startswith(prefix))
        return f"Unknown {what} {prefix + last!r}; did you mean {meant!r}?"
    listed = [prefix + name for name in known]
    return str(unknown_name(what, prefix + last, listed or ["(it takes none)"]))


def wanted(hint: Any) -> str:
    """What an annotation allows, in words.

    >>> wanted(int | None)
    'of type int or nothing'
    """
    options = options_of(hint)
    plain = [_plain(o) for o in options]
    if all(plain):
        return "of type " + " or ".join(plain)
    return " or ".join(
        p if p == "nothing" else _ranged(o) for o, p in zip(options, plain, strict=True)
    )


def _plain(hint: Any) -> str:
    """Name of a type without a range; empty for others."""
    if hint is type(None):
        return "nothing"
    origin = typing.get_origin(hint)
    if origin is Sequence:
        return "list"
    if origin in (Annotated, Literal):
        return ""
    return str((origin or hint).__name__).lower()


def _ranged(hint: Any) -> str:
    if typing.get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, typing.get_args(hint)))
    if typing.get_origin(hint) is not Annotated:
        return f"of type {_plain(hint)}"
    base, *marks = typing.get_args(hint)
    limits: dict[str, Any] = {}
    for mark in marks:
        given = {name: getattr(mark, name, None) for name in ("gt", "ge", "lt", "le")}
        limits |= {name: limit for name, limit in given.items() if limit is not None}
    if not limits:
        return f"of type {_plain(base)}"
    noun = "a whole number" if base is int else "a number"
    finite = {name: limit for name, limit in limits.items() if not math.isinf(limit)}
    if len(finite) < len(limits):
        noun, limits = "a finite number", finite
    if limits.keys() == {"ge", "le"}:
        return f"{noun} from {_number(limits['ge'])} to {_number(limits['le'])}"
    words = {"ge": "of at least", "gt": "above", "lt": "below", "le": "at most"}
    parts = [f"{words[k]} {_number(limits[k])}" for k in words if k in limits]
    return " ".join([noun, " and ".join(parts)]).rstrip()


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _places(kind: type[Any], key: str, prefix: str = "") -> Iterator[str]:
    """Dotted paths of a settings class that end in a key, the outer ones first."""
    if key in hints_of(kind):
        yield prefix + key
    for name, hint in hints_of(kind).items():
        inner = section_of(hint)
        if inner is not None:
            yield from _places(inner, key, f"{prefix}{name}.")


def _named(kind: type[Any], keys: Sequence[str]) -> str:
    return ".".join(keys) + (f" of {kind.OWNER}" if kind.OWNER else "")


def _followed(
    kind: type[Any], values: Mapping[str, Any], path: Sequence[int | str]
) -> tuple[list[str], Any, Any]:
    """Keys, annotation and value at a path, as far as it leads through settings and mappings."""
    keys: list[str] = []
    hint: Any = kind
    value: Any = values
    for part in path:
        if not isinstance(value, Mapping) and not dataclasses.is_dataclass(value):
            break  # the rest names a member of a union that the value is not
        inner = below(hint, part)
        if inner is None:
            break
        hint = inner
        keys.append(str(part))
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, str(part), None)
    return keys, hint, value


def below(hint: Any, key: int | str) -> Any:
    """Annotation of what stands under a key of a section or mapping; None for anything else."""
    inner = section_of(hint)
    if inner is not None:
        return hints_of(inner).get(str(key))
    mappings = [o for o in options_of(hint) if typing.get_origin(o) is dict]
    return typing.get_args(mappings[0])[1] if mappings else None


def section_of(hint: Any) -> type[Any] | None:
    """The settings class, a dataclass, among the options of an annotation."""
    found = (o for o in options_of(hint) if isinstance(o, type) and dataclasses.is_dataclass(o))
    return next(found, None)


def options_of(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the annotation alone."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def hints_of(kind: Any) -> dict[str, Any]:
    """Annotations of the fields, without class variables."""
    return _hints_of(kind)


@cache  # reading them takes milliseconds, and each key asks
def _hints_of(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}
