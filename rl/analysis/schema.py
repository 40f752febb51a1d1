"""Reading ``results.json``: version and shape are checked before anything is drawn from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger.errors import UserError

SCHEMA_VERSION = 1

TOP = (
    "schema_version", "title", "problems", "bootstrap", "arms", "selection", "paired",
    "frontier", "claims", "examples", "training", "provenance",
)  # fmt: skip
ESTIMATES = (
    "accuracy", "tokens", "thinking_tokens", "answer_tokens", "forced_tokens", "steps",
    "verification_steps", "surplus_verification", "verified", "first_answer_accuracy",
    "finished", "stopped", "seconds", "monitor_seconds",
)  # fmt: skip
ARM_KEYS = ("kind", "label", "rule", "by_type", "flips", "selectivity", "audit", "bands")
PAIRED_ESTIMATES = ("accuracy", "tokens", "tokens_change", "verification_steps_change")
PROVENANCE = (
    "model", "tagger_fingerprint", "config", "seeds", "commit", "versions", "machine", "date",
)  # fmt: skip


def _need(where: str, value: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UserError(f"{where} is not an object; make the results again with suffice compare.")
    for key in keys:
        if key not in value:
            raise UserError(f"{where} lacks {key!r}; make the results again with suffice compare.")
    return value


def _check_estimate(where: str, value: Any) -> None:
    numbers = _need(where, value, ("mean", "low", "high"))
    for key in ("mean", "low", "high"):
        number = numbers[key]
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise UserError(f"{where}.{key} is not a number or null; make the results again.")
    low, mean, high = numbers["low"], numbers["mean"], numbers["high"]
    if None not in (low, high) and not low <= high:
        raise UserError(f"{where} has low {low} above high {high}; make the results again.")
    if mean is None and low is not None:
        raise UserError(f"{where} has an interval without a mean; make the results again.")


def _check_measures(where: str, arm: Mapping[str, Any]) -> None:
    _need(where, arm, ESTIMATES)
    for key in ESTIMATES:
        _check_estimate(f"{where}.{key}", arm[key])


def validate_results(results: Any, source: str = "results") -> None:
    """Check a results dictionary against schema version 1 (``docs/results-schema.md``).

    Args:
        results: The parsed JSON.
        source: What to call it in messages, e.g. the file.

    Raises:
        UserError: Another schema version, a missing key, or a value of the wrong kind; the
            message names the place.
    """
    version = _need(source, results, ("schema_version",))["schema_version"]
    if version != SCHEMA_VERSION:
        raise UserError(
            f"{source} has schema version {version!r}, this version of Suffice reads"
            f" {SCHEMA_VERSION}; use the version of Suffice that made it, or compare again."
        )
    _need(source, results, TOP)
    arms = _need(f"{source}: arms", results["arms"], ("base",))
    for name, arm in arms.items():
        where = f"{source}: arms.{name}"
        _need(where, arm, ARM_KEYS)
        _check_measures(where, arm)
        for band, part in arm["bands"].items():
            _check_measures(f"{where}.bands.{band}", _need(f"{where}.bands.{band}", part, ()))
    for name, pair in _need(f"{source}: paired", results["paired"], ()).items():
        where = f"{source}: paired.{name}"
        a, found, b = name.partition("_vs_")
        if not found or a not in arms or b not in arms:
            raise UserError(f"{where} does not name two of the arms; make the results again.")
        for part_name, part in [("", pair), *_need(where, pair, ("bands",))["bands"].items()]:
            _need(f"{where} {part_name}".rstrip(), part, PAIRED_ESTIMATES)
            for key in PAIRED_ESTIMATES:
                _check_estimate(f"{where} {part_name} {key}".replace("  ", " "), part[key])
    for number, claim in enumerate(results["claims"]):
        where = f"{source}: claims[{number}]"
        holds = _need(where, claim, ("name", "text", "holds", "figures"))["holds"]
        if holds not in (True, False, None):
            raise UserError(f"{where}.holds is not true, false or null; make the results again.")
    _need(f"{source}: provenance", results["provenance"], PROVENANCE)


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
