"""Taxonomies as YAML files, each with its mapping from and to ReasonType.

Packaged ones stand in ``tagger/taxonomies/``; a path to a user's own file works wherever a name
does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args

from tagger.config.yaml import yaml_loader
from tagger.errors import UserError, unknown_name
from tagger.taxonomies.taxonomy import REASONTYPE, Role, StepType, Taxonomy

FOLDER = Path(__file__).parent
"""The packaged files."""

_FILE_KEYS = ("name", "source", "types", "from_reasontype")
_TYPE_KEYS = ("name", "tag", "role", "definition", "reasontype", "aliases")
_TAG = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True)
class TypeMap:
    """A taxonomy and how it stands to ReasonType; all types by full name.

    Attributes:
        taxonomy: The taxonomy.
        to_reasontype: For each of its types the ReasonType type its steps mostly are; None where
            there is no such type.
        from_reasontype: For each of the 14 ReasonType types the type of this taxonomy.
        source: Where the taxonomy comes from.
    """

    taxonomy: Taxonomy
    to_reasontype: dict[str, str | None]
    from_reasontype: dict[str, str]
    source: str = ""


def taxonomy_names() -> tuple[str, ...]:
    """Names of the packaged taxonomies, ReasonType first."""
    return (REASONTYPE.name, *sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_taxonomy(name_or_path: str | Path) -> Taxonomy:
    """Load a taxonomy by its packaged name or from a YAML file; errors as `load_type_map`."""
    return load_type_map(name_or_path).taxonomy


def load_type_map(name_or_path: str | Path) -> TypeMap:
    """Load a taxonomy with its mapping.

    Args:
        name_or_path: A packaged name, or the path of a YAML file: anything with a folder in it
            or ending in ``.yaml`` or ``.yml``.

    Returns:
        The taxonomy and its mapping; ReasonType maps onto itself.

    Raises:
        UserError: No such name or file, or the file is malformed; says which key and what to do.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")) or "/" in text:
        return _read(Path(name_or_path), taken=taxonomy_names())
    return _packaged(text)


@cache
def _packaged(name: str) -> TypeMap:
    if name == REASONTYPE.name:
        same = {n: n for n in REASONTYPE.names}
        return TypeMap(REASONTYPE, dict(same), same, "Step-Tagging (arXiv 2512.14332)")
    if name not in taxonomy_names():
        raise unknown_name("taxonomy", name, taxonomy_names())
    return _read(FOLDER / f"{name}.yaml", taken=())


def _read(path: Path, taken: Sequence[str]) -> TypeMap:
    where = f"Taxonomy file {path}"
    data = _mapping(_yaml(path, where), _FILE_KEYS, _FILE_KEYS, where)
    name = _string(data, "name", where)
    if name in taken:
        raise UserError(
            f"{where}: the name {name!r} belongs to a packaged taxonomy; give it one of its own."
        )
    rows = data["types"]
    if not isinstance(rows, list) or len(rows) < 2:
        raise UserError(f'{where}: "types" must be a list of at least two types.')
    types, aliases, to_reasontype = [], {}, {}
    for number, row in enumerate(rows, start=1):
        spot = f"{where}, type {number}"
        row = _mapping(row, _TYPE_KEYS, _TYPE_KEYS[:-1], spot)
        step_type = _step_type(row, spot)
        types.append(step_type)
        to_reasontype[step_type.name] = _reasontype(row["reasontype"], spot)
        aliases.update(dict.fromkeys(_aliases(row, spot), step_type.name))
    _refuse_doubles(types, rows, where)
    taxonomy = Taxonomy(name, tuple(types), aliases)
    given = data["from_reasontype"]
    return TypeMap(
        taxonomy, to_reasontype, _from(given, taxonomy, where), _string(data, "source", where)
    )


def _step_type(row: Mapping[str, Any], where: str) -> StepType:
    name, tag, role, definition = (
        _string(row, key, where) for key in ("name", "tag", "role", "definition")
    )
    if not _TAG.fullmatch(tag):
        raise UserError(
            f"{where}: the tag {tag!r} must be upper-case letters, digits and underscores."
        )
    if role not in get_args(Role):
        raise UserError(f"{where}: {unknown_name('role', role, get_args(Role))}")
    return StepType(name, tag, cast(Role, role), definition)


def _aliases(row: Mapping[str, Any], where: str) -> list[str]:
    aliases = row.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(a, str) and a for a in aliases):
        raise UserError(f'{where}: "aliases" must be a list of strings; put them in quotes.')
    return aliases


def _reasontype(value: Any, where: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise UserError(f'{where}: "reasontype" must be a ReasonType tag or null, not {value!r}.')
    try:
        return REASONTYPE.get(value).name
    except UserError as error:
        raise UserError(f'{where}, "reasontype": {error}') from error


def _refuse_doubles(types: Sequence[StepType], rows: Sequence[Any], where: str) -> None:
    """No spelling may mean two types; one type may repeat its own."""
    owner: dict[str, int] = {}
    for number, (step_type, row) in enumerate(zip(types, rows, strict=True), start=1):
        for kind, words in (
            ("tag", [step_type.tag]),
            ("name", [step_type.name]),
            ("alias", row.get("aliases", [])),
        ):
            for word in words:
                if owner.setdefault(word, number) != number:
                    raise UserError(
                        f"{where}: types {owner[word]} and {number} both go by {word!r}; "
                        f"give type {number} another {kind}."
                    )


def _from(given: Any, taxonomy: Taxonomy, where: str) -> dict[str, str]:
    spot = f'{where}, "from_reasontype"'
    if not isinstance(given, dict):
        raise UserError(f"{spot} must give a type of this taxonomy for each ReasonType tag.")
    found: dict[str, str] = {}
    for key, value in given.items():
        if not isinstance(value, str):
            raise UserError(f"{spot}: {key} must name a type of this taxonomy, not {value!r}.")
        try:
            name, own = REASONTYPE.get(str(key)).name, taxonomy.get(value).name
        except UserError as error:
            raise UserError(f"{spot}: {error}") from error
        if name in found:
            raise UserError(f"{spot} names {REASONTYPE.get(name).tag} twice; keep one of them.")
        found[name] = own
    missing = [t.tag for t in REASONTYPE.types if t.name not in found]
    if missing:
        raise UserError(f"{spot} lacks {', '.join(missing)}; every ReasonType tag needs a type.")
    return {name: found[name] for name in REASONTYPE.names}


def _mapping(value: Any, known: Sequence[str], needed: Sequence[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{where} must hold keys and values: {', '.join(known)}.")
    for key in value:
        if key not in known:
            raise UserError(f"{where}: {unknown_name('key', str(key), known)}")
    for key in needed:
        if key not in value:
            hint = "; write null if there is no counterpart" if key == "reasontype" else "; add it"
            raise UserError(f'{where}: the key "{key}" is missing{hint}.')
    return value


def _string(data: Mapping[str, Any], key: str, where: str) -> str:
    value = data[key]
    if not isinstance(value, str) or not value.strip():
        raise UserError(
            f'{where}: "{key}" must be a text, not {value!r}; put it in quotes if it is one.'
        )
    return value


def _yaml(path: Path, where: str) -> Any:
    import yaml

    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml_loader())
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{where} cannot be opened ({reason}); check the path.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{where} is not UTF-8 text ({error}); save it as UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        problem = getattr(error, "problem", None) or "no valid YAML"
        raise UserError(f"{where}{line} is not valid YAML: {problem}.") from error
