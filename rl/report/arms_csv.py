"""The arms as a table for other programs: one row an arm, each measure with its interval."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from rl.analysis.estimates import MEASURES

COST = ("prompt_tokens", "money")
"""Estimates that an arm may lack."""
NAMED = ("policy", "kind", "label")


def arms_csv(results: Mapping[str, Any]) -> str:
    """The arms of a comparison as CSV.

    Args:
        results: The content of ``results.json``.

    Returns:
        A header and one line an arm. An estimate has three columns, ``NAME``, ``NAME_low`` and
        ``NAME_high``; what is undefined is empty.
    """
    rows = [
        {"arm": name, **{key: arm[key] for key in NAMED}, **dict(_values(arm))}
        for name, arm in results["arms"].items()
    ]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _values(arm: Mapping[str, Any]) -> Iterator[tuple[str, float | str]]:
    found = [(key, arm[key]) for key in (*MEASURES, *COST) if arm.get(key) is not None]
    for one in arm.get("at_k") or ():
        found += [(f"pass@{one['k']}", one["pass"]), (f"maj@{one['k']}", one["majority"])]
    for one in arm.get("at_budgets") or ():
        found.append((f"accuracy_within_{one['tokens']}", one["accuracy"]))
    for kind, part in (arm.get("lengths") or {}).items():
        found.append((f"tokens_{kind}", part["tokens"]))
    for name, estimate in found:
        for ending, key in (("", "mean"), ("_low", "low"), ("_high", "high")):
            yield f"{name}{ending}", "" if estimate[key] is None else estimate[key]
