"""The tables of a report on how completions were sampled, and at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rl.report.style import grid_arms, has_times, main_arms, number
from rl.report.tables import arm_cell
from tagger.display.cells import Cell, Row, Table


def cost_table(results: Mapping[str, Any]) -> Table | None:
    """What the engine spent on each arm; None for results of an earlier version."""
    rows = []
    for name in [*main_arms(results), *grid_arms(results)]:
        arm = results["arms"][name]
        cost = arm.get("cost")
        if cost is None:
            continue
        timed = has_times(arm)
        speed = cost["generated_tokens"] / cost["seconds"] if cost["seconds"] else None
        counts = ("prompt_tokens", "reread_tokens", "generated_tokens", "forced_tokens")
        shown = [
            *(number(cost[key], 0) for key in counts),
            number(cost["seconds"], 1) if timed else "",
            number(speed, 0) if timed else "",
        ]
        label = Cell(arm["label"]) if arm["kind"] == "grid" else arm_cell(results, name)
        runs = len(results.get("pooled", {}).get(arm["policy"], ()))
        label = replace(label, note=f"{runs} training runs in all") if runs else label
        rows.append(Row([label, *shown]))
    head = (
        "arm", "prompt tokens read", "prefix tokens read again", "tokens generated",
        "tokens forced", "seconds", "generated per second",
    )  # fmt: skip
    return Table(head, rows) if rows else None


def settings_table(results: Mapping[str, Any]) -> Table:
    """How completions were sampled, and where each value comes from."""
    rows = [
        Row([s["key"], "–" if s["value"] is None else f"{s['value']:.10g}", s["source"]])
        for s in results.get("settings", ())
    ]
    return Table(("setting", "value", "source"), rows)
