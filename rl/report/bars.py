"""Where the tokens go: stacked bars of tokens by step type, for each arm and band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.report.style import (
    ANSWER,
    arm_look,
    compared_arms,
    label_width,
    main_arms,
    number,
    short_type,
    sort_types,
    type_colour,
)
from tagger.display.svg import GRID, INK, PAPER, SOFT, Drawing, nice_ticks, tick_text

REST = "other types"
SMALL = 0.01
"""A type below this share of tokens in every bar joins `REST`."""


def _parts(m: Mapping[str, Any]) -> dict[str, float]:
    parts = {name: row["tokens"] for name, row in m["by_type"].items()}
    rest = m["tokens"]["mean"] - sum(parts.values())
    return {**parts, ANSWER: max(rest, 0.0)}


def _rows(results: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """``(group, arm label, measures)`` of every bar."""
    arms = results["arms"]
    rows = [("all problems", arm_look(results, n)[0], arms[n]) for n in main_arms(results)]
    bands = list(arms["base"]["bands"])
    if len(bands) > 1:
        shown = [(arm_look(results, n)[0], arms[n]["bands"]) for n in compared_arms(results)]
        rows += [(band, label, parts[band]) for band in bands for label, parts in shown]
    return rows


def type_bars(results: Mapping[str, Any]) -> str:
    """Mean tokens per answer by step type, one bar an arm, as an SVG with a legend."""
    rows = _rows(results)
    parts = [_parts(m) for _, _, m in rows]
    names = {n for p in parts for n in p if n != ANSWER}
    large = {n for n in names if any(p.get(n, 0) >= SMALL * sum(p.values()) for p in parts)}
    order = [*sort_types(large), *([REST] if names - large else []), ANSWER]
    for p in parts:
        if names - large:
            p[REST] = sum(p.pop(n, 0.0) for n in names - large)
    bar, gap, head = 20, 7, 30
    groups = len({g for g, _, _ in rows})
    columns = 3  # the longest names need a third of the width
    legend_rows = -(-len(order) // columns)
    legend = 20 * legend_rows + 18
    height = legend + len(rows) * (bar + gap) + groups * head + 34
    d = Drawing(880, height, "Mean tokens per answer by step type, for each arm")
    for i, name in enumerate(order):
        x, y = 10.0 + (i % columns) * 290, 6.0 + (i // columns) * 20
        d.rect(x, y, 12, 12, _colour(name), radius=2)
        d.text(x + 18, y + 10.5, short_type(name), 12)
    most = max(m["tokens"]["mean"] for _, _, m in rows)
    left = label_width((label for _, label, _ in rows), 158.0) + 10
    width = 808 - left
    ticks = nice_ticks(0, most, 6)
    bottom = height - 26
    for tick in ticks:
        x = left + tick / most * width
        d.line(x, legend, x, bottom, GRID)
        d.text(x, bottom + 16, tick_text(tick), 11.5, SOFT, "middle")
    d.text(left + width + 8, bottom + 16, "tokens", 11.5, SOFT)
    y, group = float(legend), ""
    for (row_group, label, m), p in zip(rows, parts, strict=True):
        if row_group != group:
            group = row_group
            d.text(10, y + 20, group, 13, weight=650)
            y += head
        d.text(left - 10, y + bar * 0.7, label, 12.5, INK, "end")
        x = left
        for name in order:
            tokens = p.get(name, 0.0)
            if tokens <= 0:
                continue
            wide = tokens / most * width
            tip = f"{label}, {name}: {number(tokens, 1)} tokens per answer"
            d.rect(x, y, wide, bar, _colour(name), tip, extra=f"stroke:{PAPER};stroke-width:0.8")
            x += wide
        d.text(x + 8, y + bar * 0.7, number(m["tokens"]["mean"], 0), 12, SOFT, weight=600)
        y += bar + gap
    return d.svg()


def _colour(name: str) -> str:
    return "var(--rest,#adb5bd)" if name == REST else type_colour(name)
