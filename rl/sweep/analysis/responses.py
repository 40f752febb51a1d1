"""What is measured over the values of one key and of two, and which values do well enough."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.analysis.estimates import MEASURES
from rl.analysis.panels import Panel
from rl.sweep.analysis.groups import Measured, by_pair, by_value, is_number, varied_keys
from rl.sweep.analysis.pooled import NAMES, against, measure_runs

RESPONSE = (*NAMES, "selectivity")
"""What a response holds at each value of a key, next to bands."""
_CELL = ("accuracy", "tokens")


@dataclass(frozen=True)
class Rival:
    """What settings are compared with.

    Attributes:
        name: Its name.
        panels: Its samples, one panel a run.
        seeds: Its training seeds; none if it was there before.
    """

    name: str
    panels: Sequence[Panel]
    seeds: Sequence[int]


def response(
    runs: Sequence[Measured],
    key: str,
    seed: int,
    settings: Sequence[Mapping[str, Any]],
    control: Rival,
) -> list[dict[str, Any]]:
    """What is measured at each value of a key, arm by arm; runs at it are pooled.

    Args:
        runs: All that are done.
        key: The key.
        seed: Bootstrap seed.
        settings: What is measured already, by the names in ``runs``.
        control: What they are compared with.
    """
    known = {tuple(s["runs"]): s for s in settings}
    rows = []
    for arm in dict.fromkeys(one.run.arm for one in runs if key in one.run.point):
        for value, own in by_value([one for one in runs if one.run.arm == arm], key):
            measured = known.get(tuple(one.run.name for one in own))
            if measured is None:
                panels = [one.panel for one in own]
                measured = measure_runs(panels, seed)
                seeds = [one.run.seed for one in own]
                versus = against(panels, seeds, control.panels, control.seeds, seed)
            else:
                versus = measured["against"][control.name]
            row = {"arm": arm, "value": value, "runs": len(own), "against": versus}
            rows.append(row | {name: measured[name] for name in RESPONSE} | _bands(measured))
    return rows


def _bands(measured: Mapping[str, Any]) -> dict[str, Any]:
    """The measures of each band; a setting's also hold the difference to control."""
    return {
        "bands": {
            band: {name: value for name, value in values.items() if name != "against"}
            for band, values in measured["bands"].items()
        }
    }


def interactions(runs: Sequence[Measured]) -> list[dict[str, Any]]:
    """Accuracy and tokens in each cell of two keys, arm by arm, for pairs varied together there."""
    arms = {arm: [one for one in runs if one.run.arm == arm] for arm in (r.run.arm for r in runs)}
    pairs = [
        (arm, own, pair)
        for arm, own in arms.items()
        for pair in itertools.combinations(varied_keys(own), 2)
    ]
    out = []
    for arm, of_arm, (x, y) in pairs:
        columns, rows, cells = by_pair(of_arm, (x, y))
        if len(cells) < 2:
            continue
        out.append(
            {
                "arm": arm,
                "keys": [x, y],
                "columns": columns,
                "rows": rows,
                "cells": [
                    {"column": column, "row": row, "runs": len(own)} | _means(own)
                    for (column, row), own in sorted(cells.items())
                ],
            }
        )
    return out


def _means(own: Sequence[Measured]) -> dict[str, float]:
    return {
        name: round(
            float(sum(one.panel.per_problem(MEASURES[name]).mean() for one in own) / len(own)), 6
        )
        for name in _CELL
    }


def good_ranges(
    responses: Mapping[str, Sequence[Mapping[str, Any]]],
    saving: float,
    tolerance: float,
) -> list[dict[str, Any]]:
    """How wide the range of a key is in which a policy saves tokens and keeps accuracy.

    By point estimates, against control's runs of the same seeds: at least `saving` of its tokens at
    no more than `tolerance` under its accuracy. The range is the longest row of values that were
    tried next to each other.

    Args:
        responses: Rows of `response` by key.
        saving: Share of tokens.
        tolerance: Accuracy, as a share.

    Returns:
        For each key and arm with several numbers: ``key``, ``arm``, ``tried``, ``low`` and
        ``high``, None if no value is good, and ``ratio``, high by low, None if low is not above 0.
    """
    found = []
    for key, rows in responses.items():
        for arm in dict.fromkeys(row["arm"] for row in rows):
            own = [row for row in rows if row["arm"] == arm]
            if len(own) < 2 or not all(is_number(row["value"]) for row in own):
                continue
            good = [_is_good(row["against"], saving, tolerance) for row in own]
            part = _longest([row["value"] for row in own], good)
            low, high = (part[0], part[-1]) if part else (None, None)
            ratio = high / low if low is not None and high is not None and low > 0 else None
            tried = [row["value"] for row in own]
            found.append(
                {"key": key, "arm": arm, "tried": tried, "low": low, "high": high, "ratio": ratio}
            )
    return found


def _is_good(pair: Mapping[str, Any], saving: float, tolerance: float) -> bool:
    change, gap = pair["tokens_change"]["mean"], pair["accuracy"]["mean"]
    if change is None or gap is None:
        return False
    return bool(-change >= saving - 1e-9 and gap >= -tolerance - 1e-9)


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
