"""Interaction of two keys: a heat map of accuracy and one of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.report.style import number
from rl.sweep.report.style import ACCURACY, TOKENS
from tagger.display.svg import INK, SOFT, Drawing

_COLOUR = "var(--first,#1f6fb2)"
CELL = 42
"""Height of a cell in user units."""


def heat_plot(results: Mapping[str, Any], interaction: Mapping[str, Any]) -> str:
    """Two maps side by side; the darker a cell, the more accurate, or the cheaper."""
    columns, rows = interaction["columns"], interaction["rows"]
    x_name, y_name = (results["keys"][key] for key in interaction["keys"])
    height = 74 + CELL * len(rows) + 50
    d = Drawing(880, height, f"Accuracy and tokens by {x_name} and {y_name}")
    for i, (name, label, scale, unit) in enumerate((ACCURACY, TOKENS)):
        left = 120 + i * 440
        wide = 300 / len(columns)
        d.text(left, 16, label, 12.5, weight=600)
        d.text(left - 100, 38, f"{y_name} ↓", 12, SOFT)
        means = [cell[name] * scale for cell in interaction["cells"]]
        low, span = min(means), (max(means) - min(means)) or 1.0
        for j, words in enumerate(columns):
            d.text(left + (j + 0.5) * wide, 50, words[: int(wide / 6)], 11, SOFT, "middle")
        for j, words in enumerate(rows):
            d.text(left - 8, 58 + (j + 0.5) * CELL + 4, words[:18], 11, SOFT, "end")
        for cell, mean in zip(interaction["cells"], means, strict=True):
            share = (mean - low) / span
            share = share if name == "accuracy" else 1 - share
            x, y = left + cell["column"] * wide, 58 + cell["row"] * CELL
            tip = (
                f"{x_name} {columns[cell['column']]}, {y_name} {rows[cell['row']]}:"
                f" {number(mean, 1)}{unit} ({cell['runs']} runs)"
            )
            style = f"fill-opacity:{0.1 + 0.6 * share:.2f}"
            d.rect(x + 1, y + 1, wide - 2, CELL - 2, _COLOUR, tip, 3, style)
            d.text(x + wide / 2, y + CELL / 2 + 4, number(mean, 1), 12, INK, "middle", 600)
        d.text(left + 150, 58 + CELL * len(rows) + 20, x_name, 12, SOFT, "middle")
    d.text(858, height - 8, "darker: more accurate, cheaper · means over runs", 11, SOFT, "end")
    return d.svg()
