"""Flat settings of a command from a YAML file, ``KEY=VALUE`` overrides and options."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tagger.errors import UserError, unknown_name

T = TypeVar("T")


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping.

    Raises:
        UserError: The file is missing, is not YAML or holds something else.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"Config file {path} does not exist; name one with --config.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Config file {path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "malformed"
        raise UserError(f"Config file {path}{line} is not valid YAML: {problem}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(
            f"Config file {path} must hold keys and values, not {type(content).__name__}."
        )
    return content


def parse_override(text: str) -> tuple[str, Any]:
    """Split ``KEY=VALUE``; the value is read as YAML, so ``1e-5``, ``true`` and ``[1, 2]`` work.

    Raises:
        UserError: No ``=``, an empty key, or a value that is not YAML.
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UserError(f"Override {text!r} must look like KEY=VALUE, e.g. seed=1.")
    try:
        return key.strip(), _number(yaml.safe_load(value))
    except yaml.YAMLError:
        raise UserError(f"The value of override {text!r} is not valid YAML.") from None


def _number(value: Any) -> Any:
    """Read ``1e-5`` as a number: YAML 1.1 takes it for text because it has no dot."""
    if isinstance(value, str):
        try:
            return float(value) if any(c.isdigit() for c in value) else value
        except ValueError:
            return value
    return value


def settings_of(
    kind: type[T], config: Path | None, overrides: Sequence[str] = (), **options: Any
) -> T:
    """Build a flat settings dataclass; options win over overrides, these over the file.

    Args:
        kind: The dataclass; its defaults fill what nobody set.
        config: YAML file, or None.
        overrides: ``KEY=VALUE`` words.
        options: Values of command line options; None means "not given".

    Raises:
        UserError: Unknown key (the nearest valid one is suggested) or a value of a wrong type.
    """
    values: dict[str, Any] = dict(read_yaml(config)) if config is not None else {}
    values.update(parse_override(word) for word in overrides)
    values.update({key: value for key, value in options.items() if value is not None})
    hints = typing.get_type_hints(kind)
    known = [f.name for f in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise unknown_name("config key", str(key), known)
    return kind(**{key: _checked(key, value, hints[key]) for key, value in values.items()})


def _checked(key: str, value: Any, hint: Any) -> Any:
    origin = typing.get_origin(hint)
    allowed = typing.get_args(hint) if origin in (typing.Union, types.UnionType) else (hint,)
    if value is None and type(None) in allowed:
        return None
    for kind in allowed:
        base = typing.get_origin(kind) or kind
        if base is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if base is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if base is Path and isinstance(value, str):
            return Path(value)
        if base is tuple and isinstance(value, list):
            return tuple(value)
        if isinstance(value, base) and (base is bool or not isinstance(value, bool)):
            return value
    names = " or ".join(
        "null" if k is type(None) else getattr(k, "__name__", str(k)) for k in allowed
    )
    raise UserError(f"Config key {key!r} must be {names}, not {value!r}.")


def section(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The part of a config that a command reads: its section if there is one, else everything.

    ``configs/quickstart.yaml`` holds the sections ``train`` and ``compare``; a file for one
    command alone needs none.

    Raises:
        UserError: The section is not a mapping.
    """
    part = content.get(name, content)
    if not isinstance(part, dict):
        raise UserError(f"Config section {name!r} must hold keys and values.")
    return dict(part)
