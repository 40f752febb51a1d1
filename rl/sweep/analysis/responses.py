"""What is measured over the values of one key and of two."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.analysis.estimates import MEASURES
from rl.analysis.panels import Panel
from rl.sweep.analysis.groups import Measured, by_pair, by_value, varied_keys
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
            row["by_seed"] = _by_seed(own, control)
            rows.append(row | {name: measured[name] for name in RESPONSE} | _bands(measured))
    return rows


def _by_seed(own: Sequence[Measured], control: Rival) -> dict[str, dict[str, float]]:
    """Accuracy and tokens of each seed against control's run of it, the runs of a seed averaged."""
    found = {}
    for seed, panel in zip(control.seeds, control.panels, strict=False):  # base has no seeds
        if runs := [one for one in own if one.run.seed == seed]:
            mine, usual = _means(runs), _panel_means(panel)
            found[str(seed)] = {
                "accuracy": round(mine["accuracy"] - usual["accuracy"], 6),
                "tokens_change": round(mine["tokens"] / usual["tokens"] - 1, 6),
            }
    return found


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
    each = [_panel_means(one.panel) for one in own]
    return {name: round(sum(one[name] for one in each) / len(each), 6) for name in _CELL}


def _panel_means(panel: Panel) -> dict[str, float]:
    return {name: float(panel.per_problem(MEASURES[name]).mean()) for name in _CELL}
