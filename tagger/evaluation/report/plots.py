"""Plots of an evaluation, as inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tagger.display.svg import GRID, INK, PAPER, SOFT, Axes, Drawing
from tagger.evaluation.report.format import interval, number

FIRST = "var(--first,#1f6fb2)"
SECOND = "var(--second,#d9480f)"
ENOUGH = 20
"""Types with fewer true steps are left out of the plot of counts."""
_WIDE = 880.0


def f1_plot(record: Mapping[str, Any]) -> str:
    """F1 of each type with its interval; verification by keyword below, for comparison."""
    check = _check_names(record)
    rows = [(name, row, "circle", name in check) for name, row in record["types"].items()]
    rows += [
        (f"verification by {name}", row, "square", True) for name, row in record["keywords"].items()
    ]
    step, top = 26.0, 14.0
    d = Drawing(_WIDE, top + step * len(rows) + 46, "F1 of each type, with 95 % intervals")
    area = Axes(330, top, 500, step * len(rows), (0, 1), (0, 1))
    _columns(d, area, "F1")
    for i, (name, row, shape, marked) in enumerate(rows):
        y = top + step * (i + 0.5)
        colour = SECOND if marked else FIRST
        d.text(322, y + 4, f"{name} ({row['support']})", 12.5, INK, "end", 650 if marked else 400)
        f1 = row["f1"]
        if f1["low"] is not None:
            d.line(area.x(f1["low"]), y, area.x(f1["high"]), y, colour, 2)
        tip = f"{name}: F1 {number(f1['mean'])} ({interval(f1)}), {row['support']} steps"
        d.mark(shape, area.x(f1["mean"]), y, 5, colour, tip)
        d.text(area.left + area.width + 10, y + 4, number(f1["mean"], 2), 12, SOFT)
    return d.svg()


def confusion_plot(record: Mapping[str, Any]) -> str:
    """Heat map: of the steps with a row's true type, the share predicted as each column's."""
    names, tags = record["confusion"]["types"], record["confusion"]["tags"]
    counts = record["confusion"]["steps"]
    used = [i for i in range(len(names)) if any(counts[i]) or any(row[i] for row in counts)]
    cell, left, top = min(44.0, 590 / len(used)), 280.0, 104.0
    height = top + cell * len(used) + 34
    d = Drawing(_WIDE, height, "Steps by true type (rows) and predicted type (columns)")
    d.text(left, 14, "predicted", 12.5, SOFT)
    d.text(left - 8, top - 8, "true", 12.5, SOFT, "end")
    for column, j in enumerate(used):
        d.text(left + cell * (column + 0.5) + 4, top - 6, tags[j], 11.5, INK, turn=-55)
    for place, i in enumerate(used):
        total, y = sum(counts[i]), top + cell * place
        d.text(left - 8, y + cell / 2 + 4, f"{_short(names[i])} ({total})", 12.5, INK, "end")
        for column, j in enumerate(used):
            share = counts[i][j] / total if total else 0.0
            x = left + cell * column
            d.rect(x, y, cell - 1.5, cell - 1.5, GRID, radius=3, extra="opacity:.45")
            if counts[i][j]:
                colour = FIRST if i == j else SECOND
                tip = f"{names[i]} predicted as {names[j]}: {counts[i][j]} steps, {share:.0%}"
                fade = f"opacity:{0.08 + 0.92 * share:.3f}"
                d.rect(x, y, cell - 1.5, cell - 1.5, colour, tip, 3, fade)
                words = f"{100 * share:.0f}"
                ink = PAPER if share > 0.55 else INK
                d.text(x + cell / 2 - 0.7, y + cell / 2 + 4, words, 11.5, ink, "middle")
    d.text(left, height - 8, "percent of the row's steps; blue correct, orange incorrect", 12, SOFT)
    return d.svg()


def reliability_plot(record: Mapping[str, Any]) -> str:
    """Share of correct steps against confidence, one mark a bin; below, the steps of each bin."""
    bins = record["calibration"]["bins"]
    d = Drawing(_WIDE, 470, "Share of correct steps against confidence")
    area = Axes(250, 26, 330, 330, (0, 1), (0, 1))
    area.draw(d, "", "share of correct steps")
    d.line(area.x(0), area.y(0), area.x(1), area.y(1), SOFT, 1.2, "stroke-dasharray:5 5")
    d.text(area.x(0.04), area.y(0.93), "overconfident: below the line", 12, SOFT)
    most = max((b["steps"] for b in bins), default=1)
    points = [(area.x(b["confidence"]), area.y(b["accuracy"])) for b in bins]
    if len(points) > 1:
        d.path(points, f"fill:none;stroke:{FIRST};stroke-width:1.6")
    for b, (x, y) in zip(bins, points, strict=True):
        tip = f"{b['steps']} steps, confidence {b['confidence']:.3f}, accuracy {b['accuracy']:.3f}"
        d.mark("circle", x, y, 3.5 + 4.5 * (b["steps"] / most) ** 0.5, FIRST, tip)
        tall = 46 * b["steps"] / most
        d.rect(x - 8, 440 - tall, 16, tall, "var(--rest,#adb5bd)", tip, 2)
    d.line(area.left, 440, area.left + area.width, 440, SOFT)
    d.text(
        area.left + area.width / 2, 460, "confidence of the predicted type", 12.5, SOFT, "middle"
    )
    d.text(area.left - 8, 436, "steps", 12, SOFT, "end")
    return d.svg()


def count_plot(record: Mapping[str, Any]) -> str:
    """Bias of the counts of each type, from predicted types and from summed probabilities."""
    check = _check_names(record)
    support = {name: row["support"] for name, row in record["types"].items()}
    rows = [
        (name, row)
        for name, row in record["counts"].items()
        if name != "verification" and support.get(name, 0) >= ENOUGH
    ]
    if not rows:
        return ""
    step, top = 30.0, 40.0
    d = Drawing(_WIDE, top + step * len(rows) + 48, "Bias of counts by type")
    area = Axes(330, top, 510, step * len(rows), (-100, 100), (0, 1))
    d.rect(area.x(-10), top, area.x(10) - area.x(-10), area.height, "var(--goodbg,#e8f6ec)")
    _columns(d, area, "predicted minus true count, % of the true count (band: ±10 %)")
    d.line(area.x(0), top, area.x(0), top + area.height, SOFT, 1.2)
    for shape, x, words in (
        ("circle", 338, "predicted types"),
        ("ring", 450, "summed probabilities"),
    ):
        d.mark(shape, x, 16, 5, FIRST)
        d.text(x + 11, 20, words, 12.5, SOFT)
    for i, (name, row) in enumerate(rows):
        colour = SECOND if name in check else FIRST
        middle = top + step * (i + 0.5)
        d.text(322, middle + 4, name, 12.5, INK, "end", 650 if name in check else 400)
        for key, shape, y in (("predicted", "circle", middle - 5), ("summed", "ring", middle + 6)):
            bias = row[key]["bias"]
            if bias["low"] is not None:
                low, high = (area.x(_held(100 * bias[k])) for k in ("low", "high"))
                d.line(low, y, high, y, colour, 1.8)
            shown = number(bias["mean"], 1, percent=True, sign=True)
            tip = f"{name}, {key}: {shown} ({interval(bias, 1, percent=True)})"
            d.mark(shape, area.x(_held(100 * bias["mean"])), y, 4.2, colour, tip)
    return d.svg()


def _columns(d: Drawing, area: Axes, words: str) -> None:
    """Upright grid lines with their values below, for pictures made of rows."""
    low, high = area.xs
    bottom = area.top + area.height
    for i in range(6 if low == 0 else 9):
        value = low + (high - low) * i / (5 if low == 0 else 8)
        d.line(area.x(value), area.top, area.x(value), bottom, GRID)
        d.text(
            area.x(value), bottom + 16, f"{value:g}".replace("-", "\u2212"), 11.5, SOFT, "middle"
        )
    d.text(area.left + area.width / 2, bottom + 36, words, 12.5, SOFT, "middle")


def _held(percent: float) -> float:
    return max(-100.0, min(100.0, percent))


def _short(name: str) -> str:
    return name.split(" / ")[0]


def _check_names(record: Mapping[str, Any]) -> Sequence[str]:
    found: Sequence[str] = record["verification_types"]
    return found
