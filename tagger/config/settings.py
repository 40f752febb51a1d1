"""From YAML files and ``key=value`` words to typed settings, every key and value checked."""

from __future__ import annotations

import copy
import dataclasses
import json
import shlex
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tagger.config.yaml import yaml_loader
from tagger.errors import UserError, unknown_name

T = TypeVar("T")


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file of keys and values; an empty file is an empty mapping.

    Raises:
        UserError: The file is missing, is not YAML, names a key twice, or holds something else.
    """
    import yaml

    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml_loader())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"Cannot read the config {path}: {reason}.") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        problem = getattr(error, "problem", None) or "no valid YAML"
        raise UserError(f"The config {path}{line} is not valid YAML: {problem}.") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError(f"The config {path} must be a mapping of keys to values.")
    return data


def apply_overrides(data: Any, overrides: Sequence[str]) -> dict[str, Any]:
    """Set dotted keys in plain config data.

    Args:
        data: Keys and values; not changed.
        overrides: ``a.b=value`` words, values read as YAML.

    Returns:
        A copy with the values set.

    Raises:
        UserError: An override without ``=``, with a value that is no YAML or of which YAML drops
            a part (the right quoting is named), or through a key that holds no mapping.
    """
    if not isinstance(data, dict):
        raise UserError("A config must be a mapping of keys to values.")
    data = copy.deepcopy(data)
    for override in overrides:
        dotted, equals, text = override.partition("=")
        if not equals or not dotted:
            raise UserError(f"The override {override!r} must look like key=value.")
        value = _override_value(dotted, text)
        *parents, last = dotted.split(".")
        node = data
        for key in parents:
            node[key] = {} if node.get(key) is None else node[key]
            node = node[key]
            if not isinstance(node, dict):
                raise UserError(f"The override {override!r} goes through {key!r}, a plain value.")
        node[last] = value
    result: dict[str, Any] = data
    return result


def _override_value(dotted: str, text: str) -> Any:
    """Read a value as YAML; text that YAML would cut or misread is refused, never changed.

    ``*`` and ``&`` begin references in YAML, ``!`` a tag, ``|`` and ``>`` a block, ``#`` a comment.
    """
    import yaml

    plain = text.strip()
    lost = plain[:1] in tuple("*&!|>%@`#")
    value = None
    if not lost:
        try:
            value = yaml.load(text, Loader=yaml_loader())
        except yaml.YAMLError:
            lost = True
        # A comment or line break within unquoted text.
        lost = lost or (isinstance(value, str) and plain[0] not in "'\"" and value != plain)
    if lost:
        quoted = shlex.quote(json.dumps(text, ensure_ascii=False))
        raise UserError(
            f"The value of the override {dotted}={text} has characters that mean something in "
            f"YAML; as plain text it needs quotes, the outer ones for the shell: {dotted}={quoted}"
        )
    return value


def build_settings(kind: type[T], data: Any, source: str = "config") -> T:
    """Build a settings dataclass, nested ones included, from plain data.

    Args:
        kind: The dataclass; its defaults fill what the data leaves out.
        data: Keys and values.
        source: What to call the data in errors, e.g. the file name.

    Raises:
        UserError: Unknown key (the nearest valid one is suggested), missing key, or a value of
            the wrong type.
    """
    settings: T = _build(kind, data, source, "")
    return settings


def _build(kind: Any, data: Any, source: str, prefix: str) -> Any:
    if not isinstance(data, Mapping):
        raise UserError(f"{source}: {prefix.rstrip('.') or 'the config'} must be a mapping.")
    hints = typing.get_type_hints(kind)
    for key in data:
        if key not in hints:
            raise _unknown_key(str(key), prefix, source, hints)
    for f in dataclasses.fields(kind):
        no_default = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if no_default and f.name not in data:
            raise UserError(f"{source}: the key {prefix}{f.name} is missing.")
    return kind(**{k: _value(hints[k], v, source, f"{prefix}{k}") for k, v in data.items()})


def _unknown_key(key: str, prefix: str, source: str, hints: Mapping[str, Any]) -> UserError:
    """The error for an unknown key; a key one level too high is told where it belongs."""
    homes: dict[str, str] = {}
    for section, kind in hints.items():
        if dataclasses.is_dataclass(kind):
            for field in dataclasses.fields(kind):
                homes.setdefault(field.name, f"{prefix}{section}.{field.name}")
    if key in homes:
        told = f"Unknown config key {key!r}; did you mean {homes[key]!r}?"
    else:
        told = str(unknown_name("config key", prefix + key, [prefix + name for name in hints]))
    return UserError(f"{source}: {told}")


def _value(hint: Any, value: Any, source: str, key: str) -> Any:
    """Check and convert one value against its type hint."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and type(None) in options:
        return None
    for option in options:
        if dataclasses.is_dataclass(option):
            return _build(option, value, source, f"{key}.")
        plain = typing.get_origin(option) or option
        if plain is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, plain) and not (plain is int and isinstance(value, bool)):
            return dict(value) if plain is dict else value
    wanted = " or ".join(
        "nothing" if o is type(None) else (typing.get_origin(o) or o).__name__ for o in options
    )
    raise UserError(f"{source}: {key} is {value!r}; it must be of type {wanted}.")
