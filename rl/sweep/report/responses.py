"""Pictures over the values of one key: accuracy, tokens, and where the policy verifies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.report.style import interval, number
from rl.sweep.report.style import (
    ACCURACY,
    BAND_COLOURS,
    TOKENS,
    arm_colours,
    arm_marks,
    legend,
    legend_rows,
    positions,
)
from tagger.display.svg import GRID, SOFT, Axes, Drawing, nice_ticks, tick_text

Series = tuple[str, str, str, list[tuple[float, Mapping[str, Any]]]]
"""Mark, name and colour of a line, and its points: a place and an estimate."""


def response_plot(results: Mapping[str, Any], key: str) -> str:
    """Accuracy and tokens over the values of a key, a line an arm."""
    rows, colours, marks = results["responses"][key], arm_colours(results), arm_marks(results)
    places, ticks, _ = _positions(rows)
    entries = [(marks[arm], arm, colours[arm]) for arm in _arms(rows) if arm]
    shift = 18 * legend_rows(entries, 880) if entries else 0
    d = Drawing(880, 282 + shift, f"Accuracy and tokens by {key}")
    if entries:
        legend(d, entries, 16)
    for i, (name, label, scale, unit) in enumerate((ACCURACY, TOKENS)):
        lines: list[Series] = [
            (
                marks[arm],
                arm,
                colours[arm],
                [(places[j], row[name]) for j, row in enumerate(rows) if row["arm"] == arm],
            )
            for arm in _arms(rows)
        ]
        axes = Axes(62 + i * 444, 40 + shift, 366, 176, *_ranges(lines, scale, unit))
        _draw(d, axes, lines, ticks, results["keys"][key], label, scale, unit)
    return d.svg()


def selectivity_plot(results: Mapping[str, Any], key: str, arm: str) -> str:
    """Verified answers by band, and by the first answer, over the values of a key."""
    rows = [row for row in results["responses"][key] if row["arm"] == arm]
    places, ticks, _ = _positions(rows)
    bands = list(rows[0]["bands"])
    by_band: list[Series] = [
        (
            "circle",
            band,
            BAND_COLOURS[i % len(BAND_COLOURS)],
            [(places[j], row["bands"][band]["verified"]) for j, row in enumerate(rows)],
        )
        for i, band in enumerate(bands)
    ]
    first: list[Series] = [
        (
            "circle",
            f"first answer {name}",
            colour,
            [(places[j], row["selectivity"][f"verified_if_first_{name}"]) for j, row in
             enumerate(rows)],
        )
        for name, colour in (
            ("incorrect", "var(--bad,#c92a2a)"),
            ("correct", "var(--good,#2b8a3e)"),
        )
    ]  # fmt: skip
    d = Drawing(880, 300, f"Verified answers by {key}")
    for i, lines in enumerate((by_band, first)):
        left = 62 + i * 444
        legend(d, [line[:3] for line in lines], 16, left)
        axes = Axes(left, 62, 366, 172, _wide(lines), (0.0, 100.0))
        _draw(d, axes, lines, ticks, results["keys"][key], "answers verified", 100.0, " %")
    return d.svg()


def _arms(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["arm"] for row in rows))


def _positions(
    rows: Sequence[Mapping[str, Any]],
) -> tuple[list[float], list[tuple[float, str]], bool]:
    """Places of the rows; rows of several arms with one value share a place."""
    from rl.sweep.settings.space import canonical

    values = {canonical(row["value"]): row["value"] for row in rows}
    places, ticks, numeric = positions(list(values.values()))
    of = dict(zip(values, places, strict=True))
    return [of[canonical(row["value"])] for row in rows], ticks, numeric


def _wide(lines: Sequence[Series]) -> tuple[float, float]:
    xs = [x for *_, points in lines for x, _ in points]
    room = (max(xs) - min(xs)) * 0.06 or 0.5
    return min(xs) - room, max(xs) + room


def _ranges(
    lines: Sequence[Series], scale: float, unit: str
) -> tuple[tuple[float, float], tuple[float, float]]:
    lows = [e["low"] * scale for *_, points in lines for _, e in points]
    highs = [e["high"] * scale for *_, points in lines for _, e in points]
    room = (max(highs) - min(lows)) * 0.08 or 1.0
    top = min(100.0, max(highs) + room) if unit else max(highs) + room
    return _wide(lines), (max(0.0, min(lows) - room), top)


def _draw(
    d: Drawing,
    axes: Axes,
    lines: Sequence[Series],
    ticks: Sequence[tuple[float, str]],
    x_label: str,
    y_label: str,
    scale: float,
    unit: str,
) -> None:
    right, bottom = axes.left + axes.width, axes.top + axes.height
    for value in nice_ticks(*axes.ys, 4):
        d.line(axes.left, axes.y(value), right, axes.y(value), GRID)
        d.text(axes.left - 7, axes.y(value) + 4, tick_text(value) + unit, 11, SOFT, "end")
    d.line(axes.left, bottom, right, bottom, SOFT)
    for place, words in ticks:
        d.line(axes.x(place), bottom, axes.x(place), bottom + 4, GRID)
        d.text(axes.x(place), bottom + 17, words[:18], 11, SOFT, "middle")
    d.text(axes.left + axes.width / 2, bottom + 36, x_label, 12, SOFT, "middle")
    d.text(axes.left, axes.top - 10, y_label, 12, SOFT)
    for mark, name, colour, points in lines:
        known = [(x, e) for x, e in points if e["mean"] is not None]
        path = [(axes.x(x), axes.y(e["mean"] * scale)) for x, e in sorted(known, key=_first)]
        d.path(path, f"fill:none;stroke:{colour};stroke-width:1.6;opacity:0.65")
        for x, e in known:
            if e["low"] is not None:
                ends = [axes.y(e[end] * scale) for end in ("low", "high")]
                d.line(axes.x(x), ends[0], axes.x(x), ends[1], colour, 1.4, "opacity:0.6")
            text = f"{number(e['mean'] * scale, 1)}{unit} ({interval(e, scale, 1)})"
            tip = f"{name}: {text}" if name else text
            d.mark(mark, axes.x(x), axes.y(e["mean"] * scale), 4.4, colour, tip)


def _first(pair: tuple[float, Any]) -> float:
    return pair[0]
