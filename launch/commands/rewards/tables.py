"""The rewards of stored rollouts as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from rl.training.records.rescore import Scores

_KEYS = ("file", "step", "group", "sample", "problem_id")


def as_text(scores: Scores, notes: Sequence[str] = ()) -> str:
    """Tables for the terminal: rollouts, groups, weights; sentences on them behind."""
    terms = (*scores.terms, "total")
    rows = [_row(scores, i) for i in range(len(scores.rollouts))]
    # Only steps of several runs need their files to tell them apart.
    files = {(r.file, r.step) for r in scores.rollouts}
    where = ("file", "step") if len(files) > len(scores.weights) else ("step",)
    shown = (*where, "group", "sample", "correct", "tokens", *terms)
    parts = ["Rollouts, terms unweighted:", _aligned(shown, rows)]
    groups = [_mean(scores, members) for members in scores.groups()]
    keys = (*where, "group", "rollouts", "correct", "tokens", *terms)
    parts += ["", "Means of the groups:", _aligned(keys, groups)]
    whole = _mean(scores, range(len(scores.rollouts))) | {"file": "", "step": "all", "group": ""}
    parts += ["", "Mean of all:", _aligned(keys, [whole])]
    weights = [
        {"step": step, **dict(zip(scores.terms, values, strict=True))}
        for step, values in scores.weights.items()
    ]
    parts += ["", "Weights:", _aligned(("step", *scores.terms), weights)]
    parts += [line for note in notes for line in ("", f"NOTE: {note}")]
    return "\n".join(parts)


def as_csv(scores: Scores) -> str:
    """A line a rollout; empty where a term does not apply."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, (*_KEYS, "correct", "tokens", *scores.terms, "total"), lineterminator="\n"
    )
    writer.writeheader()
    for i in range(len(scores.rollouts)):
        writer.writerow({k: "" if _absent(v) else v for k, v in _row(scores, i).items()})
    return text.getvalue()


def as_json(scores: Scores, notes: Sequence[str] = ()) -> str:
    """``terms``, ``weights`` by step, ``rollouts``, ``groups``, ``stateful``, …, ``notes``."""
    groups = [_mean(scores, members) for members in scores.groups()]
    return json.dumps(
        {
            "terms": scores.terms,
            "weights": {
                step: dict(zip(scores.terms, values, strict=True))
                for step, values in scores.weights.items()
            },
            "rollouts": [_without_nan(_row(scores, i)) for i in range(len(scores.rollouts))],
            "groups": [_without_nan(group) for group in groups],
            "stateful": scores.stateful,
            "controlled": scores.controlled,
            "notes": notes,
        },
        ensure_ascii=False,
        indent=1,
    )


def _row(scores: Scores, i: int) -> dict[str, Any]:
    rollout = scores.rollouts[i]
    return {
        **{key: getattr(rollout, key) for key in _KEYS},
        "correct": int(rollout.facts.get("correct", 0)),
        "tokens": int(rollout.facts.get("tokens", 0)),
        **dict(zip(scores.terms, scores.values[i], strict=True)),
        "total": scores.totals[i],
    }


def _mean(scores: Scores, members: Sequence[int]) -> dict[str, Any]:
    """Means over rollouts; of a term over those it applies to."""
    rows = [_row(scores, i) for i in members]
    means = {
        key: _average(row[key] for row in rows)
        for key in ("correct", "tokens", *scores.terms, "total")
    }
    first = {key: rows[0][key] for key in ("file", "step", "group", "problem_id")}
    return {**first, "rollouts": len(rows), **means}


def _average(values: Iterable[float]) -> float:
    present = [value for value in values if not math.isnan(value)]
    return sum(present) / len(present) if present else math.nan


def _absent(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if _absent(value) else value for key, value in row.items()}


def _aligned(keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    lines = [list(keys), *([_cell(row[key]) for key in keys] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(keys))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value + 0.0:.4f}".rstrip("0").rstrip(".")
    return str(value)
