"""Learning curves of a training run, read from its metrics file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from rl import run_files
from tagger.errors import UserError
from tagger.files import read_json

CURVES = {
    "accuracy": "facts/correct",
    "tokens": "facts/tokens",
    "verification_steps": "facts/count/VERIFY",
    "reward": "reward",
    "audit_verification": "facts/audit_verification",
    "keywords": "facts/keywords",
    "steps_per_1k": "facts/steps_per_1k",
    "step_tokens": "facts/step_length",
    "confidence": "facts/confidence",
    "unfamiliar": "facts/unfamiliar",
    "entropy": "entropy",
}
"""Curve in the results: metric of the training run."""


def find_metrics(trained: str | None, named: str | None) -> Path | None:
    """The metrics file of the run that made a policy: the one named, or one next to the policy.

    Raises:
        UserError: A file was named and is not there.
    """
    if named is not None:
        path = Path(named).expanduser()
        if not path.is_file():
            raise UserError(f"Training metrics {named} do not exist; name a {run_files.METRICS}.")
        return path
    if trained is None:
        return None
    folder = Path(trained).expanduser()
    run = folder.parent.parent if folder.parent.name == run_files.CHECKPOINTS else folder.parent
    near = (folder / run_files.METRICS, run / run_files.METRICS)
    return next((path for path in near if path.is_file()), None)


def read_curves(path: Path) -> dict[str, Any]:
    """Read the curves of a report.

    Returns:
        ``steps``: a list of objects with ``step`` and those of `CURVES` that were logged (null
        where a value is not finite); ``stopped_early`` and ``tagger_fingerprint`` from the run's
        result and ``config``, the text of its settings, None where the run folder lacks them.

    Raises:
        UserError: A line is not a JSON object with a step.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            logged = json.loads(line)
            row: dict[str, Any] = {"step": int(logged["step"])}
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}, line {number}: not a logged step ({error}).") from None
        for name, key in CURVES.items():
            value = logged.get(key)
            if isinstance(value, int | float):
                row[name] = round(value, 6) if math.isfinite(value) else None
        rows.append(row)
    result = _result(path.parent / run_files.RESULT)
    config = path.parent / run_files.CONFIG
    return {
        "steps": rows,
        "stopped_early": result.get("stopped_early"),
        "tagger_fingerprint": result.get("tagger_fingerprint"),
        "config": config.read_text(encoding="utf-8") if config.is_file() else None,
    }


def _result(path: Path) -> dict[str, Any]:
    """The run's result; empty for metrics that do not lie in a run folder."""
    if not path.is_file():
        return {}
    return read_json(path, "put it back from a copy, or train again")
