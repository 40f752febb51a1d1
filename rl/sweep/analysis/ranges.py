"""How wide the range of a key is in which a policy saves tokens and keeps accuracy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.sweep.analysis.groups import is_number

_SLACK = 1e-9
"""Rounding that makes no value bad."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A value that was tried, against control's runs of the same seeds.

    Attributes:
        value: The value.
        saved: Share of control's tokens that it saves.
        gap: Accuracy above control's, as a share.
    """

    value: float
    saved: float
    gap: float


def good_ranges(
    responses: Mapping[str, Sequence[Mapping[str, Any]]], saving: float, tolerance: float
) -> list[dict[str, Any]]:
    """The ranges in which at least `saving` is saved at no more than `tolerance` of accuracy.

    By point estimates, against control's runs of the same seeds.

    Args:
        responses: Rows of `rl.sweep.analysis.responses.response` by key.
        saving: Share of tokens.
        tolerance: Accuracy, as a share.

    Returns:
        For each key and arm with several numbers: ``key``, ``arm`` and ``tried``; ``low``,
        ``high`` and ``ratio`` of the longest row of good values that were tried next to each
        other, None if none is good (``ratio`` also where low is not above 0); ``between``, the
        range of `interpolated`; ``by_seed``, that of each seed that control has, by its number.
    """
    found = []
    for key, rows in responses.items():
        for arm in dict.fromkeys(row["arm"] for row in rows):
            own = [row for row in rows if row["arm"] == arm]
            if len(own) < 2 or not all(is_number(row["value"]) for row in own):
                continue
            tried = [row["value"] for row in own]
            means = [_tried(row["value"], row["against"]) for row in own]
            good = [one is not None and _is_good(one, saving, tolerance) for one in means]
            part = _longest(tried, good)
            low, high = (part[0], part[-1]) if part else (None, None)
            found.append(
                {
                    "key": key,
                    "arm": arm,
                    "tried": tried,
                    "low": low,
                    "high": high,
                    "ratio": _ratio(low, high),
                    "between": interpolated([one for one in means if one], saving, tolerance),
                    "by_seed": {
                        seed: interpolated(_of_seed(own, seed), saving, tolerance)
                        for seed in dict.fromkeys(s for row in own for s in row["by_seed"])
                    },
                }
            )
    return found


def interpolated(points: Sequence[Tried], saving: float, tolerance: float) -> dict[str, Any] | None:
    """The widest range that is good if all is linear between neighbours.

    Linear in the logarithm of the value where all are above 0. Nothing is said of values beyond
    those that were tried.

    Args:
        points: In the order of their values.
        saving: Share of tokens.
        tolerance: Accuracy, as a share.

    Returns:
        ``low``, ``high`` and ``ratio`` (None where low is not above 0); ``open_low`` and
        ``open_high``: the least and the greatest value tried is good, so that the range may reach
        further. None if nothing between the values is good, or fewer than two were tried.
    """
    parts: list[tuple[float, float]] = []
    logs = all(one.value > 0 for one in points)
    for one, other in itertools.pairwise(points):
        inside = _good_part(one, other, saving, tolerance)
        if inside is None:
            continue
        low, high = (_at(one.value, other.value, share, logs) for share in inside)
        if parts and parts[-1][1] == low:
            low = parts.pop()[0]
        parts.append((low, high))
    if not parts:
        return None
    low, high = max(parts, key=lambda part: _width(part, logs))
    return {
        "low": low,
        "high": high,
        "ratio": _ratio(low, high),
        "open_low": low == points[0].value,
        "open_high": high == points[-1].value,
    }


def _good_part(
    one: Tried, other: Tried, saving: float, tolerance: float
) -> tuple[float, float] | None:
    """Shares of the way from a value to the next between which it is good."""
    saves = _above(one.saved, other.saved, saving)
    keeps = _above(one.gap, other.gap, -tolerance)
    if saves is None or keeps is None:
        return None
    low, high = max(saves[0], keeps[0]), min(saves[1], keeps[1])
    return (low, high) if low <= high else None


def _above(start: float, end: float, least: float) -> tuple[float, float] | None:
    """Shares of the way between which a line from start to end is not below `least`."""
    begins, ends = start >= least - _SLACK, end >= least - _SLACK
    if begins and ends:
        return 0.0, 1.0
    if not begins and not ends:
        return None
    crossing = min(max((least - start) / (end - start), 0.0), 1.0)
    return (0.0, crossing) if begins else (crossing, 1.0)


def _at(start: float, end: float, share: float, logs: bool) -> float:
    """A share of the way from a value to the next, of their logarithms or of themselves."""
    if share in (0.0, 1.0):
        return end if share else start
    if logs:
        return math.exp(math.log(start) + share * math.log(end / start))
    return start + share * (end - start)


def _width(part: tuple[float, float], logs: bool) -> float:
    low, high = part
    return math.log(high / low) if logs else high - low


def _ratio(low: float | None, high: float | None) -> float | None:
    return high / low if low is not None and high is not None and low > 0 else None


def _tried(value: float, pair: Mapping[str, Any]) -> Tried | None:
    change, gap = pair["tokens_change"]["mean"], pair["accuracy"]["mean"]
    return None if change is None or gap is None else Tried(value, -change, gap)


def _of_seed(rows: Sequence[Mapping[str, Any]], seed: str) -> list[Tried]:
    """The values that were tried with a seed."""
    found = [(row["value"], row["by_seed"].get(seed)) for row in rows]
    return [Tried(value, -own["tokens_change"], own["accuracy"]) for value, own in found if own]


def _is_good(one: Tried, saving: float, tolerance: float) -> bool:
    return one.saved >= saving - _SLACK and one.gap >= -tolerance - _SLACK


def _longest(values: Sequence[float], good: Sequence[bool]) -> list[float]:
    """The longest run of good values; of equally long ones that with the greatest ratio."""
    runs = [
        [value for value, _ in part]
        for is_good, part in itertools.groupby(
            zip(values, good, strict=True), key=lambda pair: pair[1]
        )
        if is_good
    ]
    return max(runs, key=lambda part: (len(part), part[-1] / part[0] if part[0] else 0), default=[])
