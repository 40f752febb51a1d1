"""From YAML files and ``key=value`` words to typed settings, every key and value checked.

Settings are frozen dataclasses whose annotations say what a value may be, ranges included
(``Annotated[int, Ge(1)]``, ``Literal["auto", "cpu"]``). pydantic checks them; it is imported with
the first value that differs from its default, so that ``suffice --help`` and a command that runs
with defaults start without it (0.2 s).
"""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import os
import shlex
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from tagger.config.dotted import set_key
from tagger.config.yaml import yaml_loader
from tagger.errors import UserError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, TypeAdapter
    from pydantic_core import CoreSchema

T = TypeVar("T", bound="Settings")

_log = logging.getLogger(__name__)


class Settings:
    """Base of a settings dataclass; checks its values when it is made, in code or from a file.

    A section is a field whose type is a settings class. What needs more than one value to be
    checked goes into ``__post_init__``, after ``super().__post_init__()``.

    Attributes:
        KEY: What a key is called in errors.
        OWNER: Whose keys they are, e.g. ``stopping rule 'count'``; empty for a whole config.
        RENAMED: Names that keys had in earlier versions, with today's; they keep loading.

    Raises:
        UserError: A value of the wrong type or out of its range.
    """

    __slots__ = ()

    KEY: ClassVar[str] = "config key"
    OWNER: ClassVar[str] = ""
    RENAMED: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        kind: Any = type(self)
        check(kind, {f.name: getattr(self, f.name) for f in dataclasses.fields(kind)})

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain data; `build_settings` makes equal ones of it."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Settings of stored values, which stay as they are: fingerprints are made of them.

        Raises:
            UserError: As `build_settings`.
        """
        check(cls, values)
        return cls(**values)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic reads a section: settings as they are, or a mapping of keys to values."""
        from pydantic_core import core_schema

        built = core_schema.no_info_after_validator_function(
            lambda values: cls(**values), handler.generate_schema(_keys(typing.cast(Any, cls)))
        )
        return core_schema.no_info_wrap_validator_function(
            lambda value, build: value if isinstance(value, cls) else build(value), built
        )


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
            raise UserError(
                f"The override {override!r} must look like key=value{_other_word(override)}."
            )
        value = _override_value(dotted, text)
        set_key(data, dotted, value, f"The override {override!r} goes")
    result: dict[str, Any] = data
    return result


def _other_word(word: str) -> str:
    """What a word that is no override was meant for, by what lies there."""
    if word.endswith((".yaml", ".yml")) and os.path.isfile(word):  # noqa: PTH113 - no OSError
        return f"; a file of settings is named by --config {word}"
    is_folder = os.path.isdir(word)  # noqa: PTH112
    return f"; a folder needs its key before it, e.g. NAME={word}" if is_folder else ""


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


def build_settings(
    kind: type[T], data: Any, source: str = "config", given: Mapping[str, Any] | None = None
) -> T:
    """Build settings, sections included, from plain data.

    Args:
        kind: The settings class; its defaults fill what the data leaves out.
        data: Keys and values.
        source: What to call the data in errors, e.g. the file name; empty for nothing.
        given: Fields that the program fills in; as keys of the data they are unknown.

    Raises:
        UserError: Unknown key (the nearest valid one is suggested), missing key, or a value of
            the wrong type or out of its range.
    """
    from tagger.config.sentences import no_mapping, unknown_key

    where = f"{source}: " if source else ""
    if not isinstance(data, Mapping):
        raise UserError(f"{where}{no_mapping('the config', data)}")
    try:
        values = _with_new_names(kind, data)
        for key in given or ():
            if key in values:
                raise UserError(unknown_key(kind, (key,), frozenset(given or ())))
        return kind(**check(kind, {**values, **(given or {})}))
    except UserError as error:
        raise UserError(f"{where}{error}") from error


def check(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check values against the annotations of a settings class.

    Args:
        kind: The settings class.
        values: By field; sections as settings or as mappings.

    Returns:
        The values, whole numbers made floats where floats are wanted, sections built.

    Raises:
        UserError: The first that is wrong, in a sentence.
    """
    if _all_default(kind, values):
        return dict(values)
    from pydantic import ValidationError

    from tagger.config.sentences import sentence

    try:
        checked: dict[str, Any] = _adapter(kind).validate_python(dict(values))
    except ValidationError as error:
        raise UserError(sentence(kind, values, error)) from error
    return checked


def _all_default(kind: Any, values: Mapping[str, Any]) -> bool:
    """Whether every value is its field's default, and none is missing."""
    defaults = {f.name: f.default for f in dataclasses.fields(kind)}
    required = {
        f.name
        for f in dataclasses.fields(kind)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    }
    return required <= values.keys() <= defaults.keys() and all(
        type(value) is type(defaults[key]) and value == defaults[key]
        for key, value in values.items()
    )


def _with_new_names(kind: type[Settings], data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the keys of earlier versions under their names of today."""
    values = dict(data)
    for old, new in kind.RENAMED.items():
        if old not in values:
            continue
        if new in values:
            raise UserError(f"{old!r} is the former name of {new!r}; keep {new!r} alone.")
        _log.warning("The %s %r is now called %r; please rename it.", kind.KEY, old, new)
        values[new] = values.pop(old)
    return values


@cache
def _keys(kind: Any) -> Any:
    """The keys of a settings class, as a typed mapping that pydantic reads strictly."""
    from typing import NotRequired

    from typing_extensions import TypedDict

    hints = typing.get_type_hints(kind, include_extras=True)
    keys = {}
    for f in dataclasses.fields(kind):
        no_default = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        keys[f.name] = hints[f.name] if no_default else NotRequired[hints[f.name]]
    typed_dict: Any = TypedDict  # mypy knows it with literal names alone
    made = typed_dict(kind.__name__, keys)
    made.__pydantic_config__ = {
        "strict": True,
        "extra": "forbid",
        "arbitrary_types_allowed": True,
    }
    return made


@cache
def _adapter(kind: Any) -> TypeAdapter[dict[str, Any]]:
    from pydantic import TypeAdapter

    return TypeAdapter(_keys(kind))
