"""Reading ``results.json``: version and shape are checked before anything is drawn from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import UserError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SCHEMA_VERSION = 1
_WANTED = {"float_type": "a number or null", "bool_type": "true, false or null"}
_AGAIN = "make the results again with suffice compare."


def validate_results(results: Any, source: str = "results") -> None:
    """Check a results dictionary against `rl.analysis.models` (``docs/results-schema.md``).

    Args:
        results: The parsed JSON.
        source: What to call it in messages, e.g. the file.

    Raises:
        UserError: Another schema version, a missing key, or a value of the wrong kind; the
            message names the place.
    """
    from pydantic import ValidationError

    from rl.analysis.models import Results

    if not isinstance(results, Mapping):
        raise UserError(f"{source} is not an object; {_AGAIN}")
    version = results.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise UserError(
            f"{source} has schema version {version!r}, this version of Suffice reads"
            f" {SCHEMA_VERSION}; use the version of Suffice that made it, or compare again."
        )
    try:
        Results.model_validate(dict(results))
    except ValidationError as error:
        raise UserError(_sentence(source, error.errors(include_url=False)[0])) from error


def _sentence(source: str, first: ErrorDetails) -> str:
    """Where the results are wrong, and how."""
    *parents, last = path = list(first["loc"])
    missing = first["type"] == "missing"
    steps = parents if missing else path
    where = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).removeprefix(".")
    place = f"{source}: {where}" if where else source
    if missing:
        return f"{place} lacks {last!r}; {_AGAIN}"
    if first["type"] == "value_error":
        return f"{place} {first['ctx']['error']}; {_AGAIN}"
    what = _WANTED.get(first["type"], first["msg"].removeprefix("Input should be "))
    return f"{place} is {str(first['input'])[:40]!r}, not {what}; {_AGAIN}"


def load_results(path: Path) -> dict[str, Any]:
    """Read and check ``results.json``.

    Args:
        path: The file, or the folder that holds it.

    Raises:
        UserError: It is missing, is not JSON, or does not follow the schema.
    """
    file = path / "results.json" if path.is_dir() else path
    try:
        results = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{file} does not exist; give the folder a comparison wrote, or run suffice compare."
        ) from None
    except (ValueError, OSError) as error:
        raise UserError(f"{file} is not readable JSON ({error}); compare again.") from None
    validate_results(results, str(file))
    return dict(results)
