"""Ranges of good values (`rl.sweep.analysis.ranges`) in the words of tables and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.report.style import number

NONE = "–"


def tried_text(low: str, high: str) -> str:
    """The ends of a range, one of them where they are the same."""
    return low if low == high else f"{low} to {high}"


def between_text(found: Mapping[str, Any] | None) -> str:
    """From where to where a key is good, by interpolation."""
    return NONE if found is None else tried_text(f"{found['low']:.3g}", f"{found['high']:.3g}")


def width_text(found: Mapping[str, Any] | None) -> str:
    """High by low; with a plus where an end is at the edge of what was tried."""
    if found is None or found["ratio"] is None:
        return NONE
    further = "+" if found["open_low"] or found["open_high"] else ""
    return f"{number(found['ratio'], 1)}{further} ×"


def several_seeds(ranges: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any of the ranges has more than one seed to compare."""
    return any(len(one["by_seed"]) > 1 for one in ranges)


def seeds_text(by_seed: Mapping[str, Mapping[str, Any] | None]) -> str:
    """The widths of each seed; nothing for less than two."""
    return ", ".join(map(width_text, by_seed.values())) if len(by_seed) > 1 else ""
