"""Reading ``results.json``: version and shape are checked before anything is drawn from it.

``python -m rl.analysis.schema > docs/results.schema.json`` writes its JSON schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl import run_files
from tagger.errors import UserError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SCHEMA_VERSION = 3
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
    results = upgrade(results)
    version = results.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise UserError(
            f"{source} has schema version {version!r}, this version of Suffice reads 1 to"
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
    """Read and check ``results.json``; earlier versions are brought to today's form.

    Args:
        path: The file, or the folder that holds it.

    Raises:
        UserError: It is missing, is not JSON, or does not follow the schema.
    """
    file = path / run_files.RESULTS if path.is_dir() else path
    try:
        results = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{file} does not exist; give the folder a comparison wrote, or run suffice compare."
        ) from None
    except (ValueError, OSError) as error:
        raise UserError(f"{file} is not readable JSON ({error}); compare again.") from None
    validate_results(results, str(file))
    return upgrade(results)


_KINDS = {
    "base": "free",
    "trained": "free",
    "monitored": "grid",
    "trained_monitored": "monitored",
    "oracle": "oracle",
}
"""Kinds of arms in version 1, and in version 2."""


def upgrade(results: Mapping[str, Any]) -> dict[str, Any]:
    """Bring results of an earlier version to today's form.

    Args:
        results: The parsed JSON. What is malformed stays so, for the check that follows.

    Returns:
        Results of today's version; the same if they are of none that is known.
    """
    out = _named_policies(results)
    if out.get("schema_version") == 2:
        out["schema_version"] = 3
        # Version 2 had the monitored points of base alone.
        out["frontier"] = {"base": out["frontier"]} if out.get("frontier") else {}
    return out


def _named_policies(results: Mapping[str, Any]) -> dict[str, Any]:
    """Version 1 as version 2: name the policies that it knows as base and trained."""
    out = dict(results)
    arms = out.get("arms")
    if out.get("schema_version") != 1 or not isinstance(arms, Mapping):
        return out
    out["schema_version"] = 2
    out["arms"] = {name: _upgraded_arm(arm) for name, arm in arms.items()}
    names = [name for name in ("base", "trained") if name in arms]
    out["policies"] = [policy_entry(name, out.get("provenance")) for name in names]
    pairs = [["trained", "base"]] if "trained" in arms else []
    out["claim_pairs"] = pairs
    if isinstance(out.get("claims"), list):
        out["claims"] = [
            {"policies": pairs[0], **claim} if pairs and isinstance(claim, Mapping) else claim
            for claim in out["claims"]
        ]
    if isinstance(out.get("problems"), Mapping):
        problems = dict(out["problems"])
        overlap = problems.pop("overlap", None)
        out["problems"] = {**problems, "overlaps": {names[-1]: overlap} if overlap else {}}
    if isinstance(out.get("selection"), Mapping):
        selection = dict(out["selection"])
        trained = selection.pop("trained_monitored", None)
        out["selection"] = {**selection, "policies": {"trained": trained} if trained else {}}
    return out


def _upgraded_arm(arm: Any) -> Any:
    if not isinstance(arm, Mapping) or arm.get("kind") not in _KINDS:
        return arm
    kind = "monitored" if "point" in arm else _KINDS[arm["kind"]]
    policy = "trained" if arm["kind"].startswith("trained") else "base"
    return {**arm, "kind": kind, "policy": policy}


def policy_entry(name: str, provenance: Any) -> dict[str, Any]:
    """What the results say of a policy: ``name``, ``model``, ``sha256`` and ``parameters``.

    Args:
        name: Its name.
        provenance: Of the results; of a malformed one nothing is known.
    """
    model = provenance.get("model") if isinstance(provenance, Mapping) else None
    known = model if isinstance(model, Mapping) else {}
    return {
        "name": name,
        "model": known.get(name),
        "sha256": known.get(f"{name}_sha256"),
        "parameters": known.get(f"{name}_parameters"),
    }


def json_schema() -> dict[str, Any]:
    """The JSON schema of ``results.json`` (draft 2020-12), as ``docs/results.schema.json``."""
    from rl.analysis.models import Results

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Results.model_json_schema(),
    }


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=1))
