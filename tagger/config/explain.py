"""Settings explained key by key: type, range, default and text, read from the settings classes."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tagger.config.sentences import below, hints_of, options_of, section_of, wanted
from tagger.config.settings import Settings

REQUIRED = "none, it must be given"


@dataclass(frozen=True, slots=True)
class KeyDoc:
    """What can be said about one key.

    Attributes:
        key: Its dotted name; a part in capitals stands for a name of the user's.
        allowed: Type and range, in words.
        default: As YAML.
        text: What it is for.
    """

    key: str
    allowed: str
    default: str
    text: str


def key_docs(
    kind: type[Settings],
    prefix: str = "",
    hidden: frozenset[str] = frozenset(),
    values: Settings | None = None,
) -> Iterator[KeyDoc]:
    """Every key of a settings class, those of its sections right after the section.

    Args:
        kind: The settings class; its docstring's ``Attributes`` explain the keys.
        prefix: Put before every key, e.g. ``"problems."``.
        hidden: Fields that the program fills in and that are no keys.
        values: The defaults, where a section has others than its class.
    """
    texts = attribute_texts(kind)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in hidden:
            continue
        hint, key = hints_of(kind)[field.name], prefix + field.name
        inner = section_of(hint)
        each = below(hint, "NAME") if inner is None else None
        named = section_of(each) if each is not None else None
        default = _default_of(field) if values is None else getattr(values, field.name)
        yield KeyDoc(
            key,
            _allowed(hint),
            REQUIRED if default is dataclasses.MISSING else as_yaml(default),
            texts.get(field.name, ""),
        )
        if inner is not None:
            own = default if isinstance(default, inner) else None
            yield from key_docs(inner, f"{key}.", values=own)
        elif named is not None:
            yield from key_docs(named, f"{key}.NAME.")


def attribute_texts(kind: type) -> dict[str, str]:
    """The ``Attributes`` of the docstrings of a class and its bases: name to text, on one line."""
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        name, within = "", False
        for line in inspect.cleandoc(base.__doc__ or "").splitlines():
            if not line.startswith(" "):
                within = line == "Attributes:" or (within and not line)
                continue
            begun = re.match(r"    (\w+): (.*)", line)
            if within and begun:
                name, texts[begun[1]] = begun[1], begun[2]
            elif within and name:
                texts[name] += f" {line.strip()}"
    return texts


def as_yaml(value: Any) -> str:
    """A value as one line of YAML."""
    import yaml

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, dict):
        value = {
            k: dataclasses.asdict(v)
            if dataclasses.is_dataclass(v) and not isinstance(v, type)
            else v
            for k, v in value.items()
        }
    if isinstance(value, tuple):
        value = list(value)
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def _default_of(field: dataclasses.Field[Any]) -> Any:
    """Default of a field; `dataclasses.MISSING` if it must be given."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _allowed(hint: Any) -> str:
    """What an annotation allows, in words: a section, a mapping, a type or a range."""
    options = options_of(hint)
    what = "a section" if section_of(hint) else "a mapping"
    nested = [o for o in options if section_of(o) or typing.get_origin(o) is dict]
    if not nested:
        return wanted(hint).removeprefix("of type ")
    others = [wanted(o).removeprefix("of type ") for o in options if o not in nested]
    words = [word for word in others if word != "nothing"] + [what]
    return " or ".join(words + ["nothing"] * ("nothing" in others))
