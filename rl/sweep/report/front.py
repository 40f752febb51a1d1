"""The main picture: every setting and seed, the Pareto front, what was there before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.report.style import number
from rl.sweep.analysis.recommend import recommended
from rl.sweep.report.style import REFERENCE, arm_colours, arm_marks, legend, legend_rows, tip
from tagger.display.svg import SOFT, Axes, Drawing, place_labels

FRONT = "var(--hull,#1f6fb2)"
MOST_LABELS = 14
"""More settings than these carry their names in the tooltips and the table alone."""


def front_plot(results: Mapping[str, Any]) -> str:
    """Accuracy against tokens, as an SVG with a legend."""
    settings, references = results["settings"], list(results["references"].values())
    colours, marks = arm_colours(results), arm_marks(results)
    entries = [(marks[arm], arm, colour) for arm, colour in colours.items() if arm]
    entries.append(("ring", "one seed", SOFT))
    entries += [("diamond", "monitored, by rule", SOFT)] if results["monitored"] else []
    shift = 18 * (legend_rows(entries, 880) - 1)
    d = Drawing(880, 500 + shift, "Accuracy against mean tokens per answer, all settings")
    legend(d, entries, 20)
    axes = Axes(62, 66 + shift, 796, 374, *_ranges(results))
    axes.draw(d, "mean tokens per answer", "answered correctly", 12, " %")
    _line(d, axes, results)
    for point in results["monitored"]:
        x, y = axes.x(point["tokens"]["mean"]), axes.y(point["accuracy"]["mean"] * 100)
        text = (
            f"{point['label']} ({point['policy']}): {number(point['accuracy']['mean'] * 100, 1)} %"
            f" correct, {number(point['tokens']['mean'], 1)} tokens"
        )
        d.mark("diamond", x, y, 4, SOFT, text)
    for one in settings:
        _seeds(d, axes, one, colours[one["arm"]])
    boxes = []
    for one in (*references, *settings):
        boxes += _whiskers(d, axes, one, colours.get(one.get("arm", ""), REFERENCE))
    for one in references:
        d.mark("square", *_place(axes, one), 6, REFERENCE, tip(one))
    star = recommended(results)
    for one in sorted(settings, key=lambda one: one["name"] == star):  # it lies above others
        shape = "star" if one["name"] == star else marks[one["arm"]]
        d.mark(shape, *_place(axes, one), 6.2, colours[one["arm"]], tip(one))
    _labels(d, axes, results, colours, boxes)
    note = "whiskers: 95 % intervals over problems and seeds"
    note += f"{' · star: recommended' if star else ''}"
    note += " · the y axis is cut" if axes.ys[0] > 0 else ""
    d.text(858, 494 + shift, note, 11, SOFT, "end")
    return d.svg()


def _place(axes: Axes, one: Mapping[str, Any]) -> tuple[float, float]:
    return axes.x(one["tokens"]["mean"]), axes.y(one["accuracy"]["mean"] * 100)


def _ranges(results: Mapping[str, Any]) -> tuple[tuple[float, float], tuple[float, float]]:
    shown = [*results["settings"], *results["references"].values(), *results["monitored"]]
    highs = [one["accuracy"]["high"] * 100 for one in shown]
    lows = [one["accuracy"]["low"] * 100 for one in shown]
    for one in results["settings"]:
        lows += [value * 100 for value in one["by_run"]["accuracy"]]
        highs += [value * 100 for value in one["by_run"]["accuracy"]]
    room = max((max(highs) - min(lows)) * 0.06, 0.5)
    widest = max(one["tokens"]["high"] for one in shown)
    return (0, widest * 1.06), (max(0, min(lows) - room), min(100, max(highs) + room))


def _line(d: Drawing, axes: Axes, results: Mapping[str, Any]) -> None:
    """The front as steps: what can be had at most for so many tokens."""
    named = {s["name"]: s for s in results["settings"]}
    places = [_place(axes, named[name]) for name in results["front"]]
    steps: list[tuple[float, float]] = []
    for i, (x, y) in enumerate(places):
        steps += [(x, places[i - 1][1])] if i else []
        steps.append((x, y))
    right, bottom = axes.left + axes.width, axes.top + axes.height
    steps.append((right, places[-1][1]))
    area = [(steps[0][0], bottom), *steps, (right, bottom)]
    d.path(area, f"fill:{FRONT};opacity:0.07", close=True)
    d.path(steps, f"fill:none;stroke:{FRONT};stroke-width:1.6;stroke-dasharray:5 4;opacity:0.75")


def _seeds(d: Drawing, axes: Axes, one: Mapping[str, Any], colour: str) -> None:
    if len(one["seeds"]) < 2:
        return
    runs = zip(one["seeds"], one["by_run"]["tokens"], one["by_run"]["accuracy"], strict=True)
    for seed, tokens, accuracy in runs:
        shown = f"{number(accuracy * 100, 1)} %, {number(tokens, 1)} tokens"
        text = f"{one['label']}, seed {seed}: {shown}"
        d.mark("ring", axes.x(tokens), axes.y(accuracy * 100), 3, colour, text)


def _whiskers(
    d: Drawing, axes: Axes, one: Mapping[str, Any], colour: str
) -> list[tuple[float, float, float, float]]:
    """Draw both intervals; return their boxes, which labels keep free."""
    x, y = _place(axes, one)
    top, bottom = (axes.y(one["accuracy"][end] * 100) for end in ("high", "low"))
    left, right = (axes.x(one["tokens"][end]) for end in ("low", "high"))
    d.line(x, top, x, bottom, colour, 1.3, "opacity:0.5")
    d.line(left, y, right, y, colour, 1.3, "opacity:0.5")
    return [(x - 2, top, x + 2, bottom), (left, y - 2, right, y + 2)]


def _labels(
    d: Drawing,
    axes: Axes,
    results: Mapping[str, Any],
    colours: Mapping[str, str],
    boxes: Sequence[tuple[float, float, float, float]],
) -> None:
    """Names next to the marks: all of a small sweep, else those that a reader looks for."""
    settings = results["settings"]
    wanted = {*results["front"], results["control"], recommended(results)}
    named = [s for s in settings if len(settings) <= MOST_LABELS or s["name"] in wanted]
    ones = [*results["references"].values(), *named]
    marks = [(*_place(axes, one), one["label"], 12.0) for one in ones]
    for (x, y, anchor), one in zip(place_labels(marks, axes, boxes), ones, strict=True):
        colour = colours.get(one.get("arm", ""), REFERENCE) if "arm" in one else REFERENCE
        d.text(x, y, one["label"], 12, colour, anchor, 600, halo=True)
