"""Colours, marks and names of a sweep's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.report.style import interval, number
from rl.sweep.analysis.groups import is_number
from rl.sweep.planning.runs import value_text
from tagger.display.svg import Drawing

COLOURS = (
    "#d9480f", "#1f6fb2", "#2b8a3e", "#9c36b5", "#a07a12", "#0b8f7a", "#c2255c", "#5f3dc4",
    "#1098ad", "#66a80f", "#e67700", "#862e9c",
)  # fmt: skip
SHAPES = ("circle", "triangle", "diamond")
"""Marks of the arms: another as often as the colours begin anew."""
REFERENCE = "var(--base,#39424e)"
BAND_COLOURS = ("#1f6fb2", "#a07a12", "#c2255c", "#7a5cc9", "#2b8a3e", "#39424e")
ACCURACY = ("accuracy", "answered correctly", 100.0, " %")
TOKENS = ("tokens", "mean tokens per answer", 1.0, "")


def arm_colours(results: Mapping[str, Any]) -> dict[str, str]:
    """Colour of each arm, in the order of the sweep."""
    arms = dict.fromkeys(s["arm"] for s in results["settings"])
    return {arm: COLOURS[i % len(COLOURS)] for i, arm in enumerate(arms)}


def arm_marks(results: Mapping[str, Any]) -> dict[str, str]:
    """Mark of each arm, which tells arms of one colour apart; control is a square."""
    marks = {
        arm: SHAPES[i // len(COLOURS) % len(SHAPES)] for i, arm in enumerate(arm_colours(results))
    }
    control = (s["arm"] for s in results["settings"] if s["name"] == results["control"])
    return marks | dict.fromkeys(control, "square")


def tip(one: Mapping[str, Any]) -> str:
    """What a mark says when it is pointed at."""
    return (
        f"{one['label']}: {number(one['accuracy']['mean'] * 100, 1)} % correct"
        f" ({interval(one['accuracy'], 100, 1)}), {number(one['tokens']['mean'], 1)} tokens"
        f" ({interval(one['tokens'], 1, 1)}), {number(one['verification_steps']['mean'], 2)}"
        f" verification steps{_seeds(one.get('seeds', ()))}"
    )


def _seeds(seeds: Sequence[int]) -> str:
    """Which seeds stand behind a mark; none behind policies that were there before."""
    if not seeds:
        return ""
    return f", seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def legend(d: Drawing, entries: Sequence[tuple[str, str, str]], y: float, x: float = 62) -> None:
    """A row of marks with their names: shape, name and colour; it wraps at the right edge."""
    left = x
    for shape, name, colour in entries:
        wide = _wide(name)
        if x + wide > d.width - 10 and x > left:
            x, y = left, y + 18
        d.mark(shape, x + 6, y - 4, 5, colour)
        d.text(x + 17, y, name, 12, colour, weight=600)
        x += wide


def legend_rows(entries: Sequence[tuple[str, str, str]], width: float, x: float = 62) -> int:
    """How many rows `legend` takes."""
    left, rows = x, 1
    for _, name, _ in entries:
        wide = _wide(name)
        if x + wide > width - 10 and x > left:
            x, rows = left, rows + 1
        x += wide
    return rows


def _wide(name: str) -> float:
    return 34 + len(name) * 7.4


def positions(values: Sequence[Any]) -> tuple[list[float], list[tuple[float, str]], bool]:
    """Places of a key's values on an axis.

    Numbers keep their distances, in the logarithm if all are above 0 and the largest is more than
    ten times the smallest; others stand side by side.

    Returns:
        A place for each value, the ticks (place, text), and whether the places are distances.
    """
    import math

    numeric = len(values) > 1 and all(is_number(v) for v in values)
    if not numeric:
        places = [float(i) for i in range(len(values))]
        ticks = [(p, value_text(v)) for p, v in zip(places, values, strict=True)]
        return places, ticks, False
    if min(values) > 0 and max(values) > 10 * min(values):
        places = [math.log10(v) for v in values]
    else:
        places = [float(v) for v in values]
    named = dict(zip(places, values, strict=True))
    room = (max(places) - min(places)) / 9
    ticks, last = [], -math.inf
    for place in sorted(named):
        if place - last >= room:
            ticks.append((place, value_text(named[place])))
            last = place
    return places, ticks, True
