"""The main picture: accuracy against tokens, every arm, and the frontier of monitored stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.arms import BASE, policy_names, reference_of
from rl.report.style import (
    arm_look,
    grid_arms,
    interval,
    main_arms,
    number,
    policy_colour,
    rule_looks,
    rule_of,
)
from tagger.display.svg import GRID, SOFT, Axes, Drawing, place_labels

HULL = "var(--hull,#1f6fb2)"
SHOWN = 0.75  # of the best accuracy: monitored points below it stand at the lower edge


def _where(arm: Mapping[str, Any], band: str | None) -> Mapping[str, Any]:
    return arm if band is None else arm["bands"].get(band, arm)


def _tip(label: str, m: Mapping[str, Any]) -> str:
    return (
        f"{label}: {number(m['accuracy']['mean'] * 100, 1)} % correct"
        f" ({interval(m['accuracy'], 100, 1)}), {number(m['tokens']['mean'])} tokens"
        f" ({interval(m['tokens'])}), {number(m['verification_steps']['mean'], 2)} verification"
        " steps"
    )


def _ranges(
    results: Mapping[str, Any], names: list[str], band: str | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of tokens and of accuracy in per cent that leave room where the arms differ.

    Stops that ruin a policy would press all others into a strip: points below `SHOWN` of the best
    accuracy do not stretch the range, and `_height` puts them at its edge.
    """
    measures = {n: _where(results["arms"][n], band) for n in names}
    best = max(m["accuracy"]["mean"] for m in measures.values())
    xs = [m["tokens"]["mean"] for m in measures.values()]
    lows = [
        m["accuracy"]["mean" if results["arms"][n]["kind"] == "grid" else "low"] * 100
        for n, m in measures.items()
        if results["arms"][n]["kind"] != "grid" or m["accuracy"]["mean"] >= SHOWN * best
    ]
    highs = [m["accuracy"]["high"] * 100 for m in measures.values()]
    room = max((max(highs) - min(lows)) * 0.08, 0.5)
    return (0, max(xs) * 1.1), (max(0, min(lows) - room), min(100, max(highs) + room))


def _height(axes: Axes, share: float) -> float:
    """Place of an accuracy, at the lower edge if it lies below the range."""
    return axes.y(max(share * 100, axes.ys[0]))


def _place(axes: Axes, m: Mapping[str, Any]) -> tuple[float, float]:
    return axes.x(m["tokens"]["mean"]), _height(axes, m["accuracy"]["mean"])


def _draw_hull(
    d: Drawing, axes: Axes, results: Mapping[str, Any], band: str | None, hull: list[str]
) -> None:
    """The monitored frontier as a line with its floor shaded."""
    places = [_place(axes, _where(results["arms"][name], band)) for name in hull]
    if len(places) < 2:
        return
    bottom = axes.top + axes.height
    right = axes.left + axes.width
    line = [*places, (right, places[-1][1])]
    area = [(places[0][0], bottom), *line, (right, bottom)]
    d.path(area, f"fill:{HULL};opacity:0.07", close=True)
    d.path(line, f"fill:none;stroke:{HULL};stroke-width:1.6;stroke-dasharray:5 4;opacity:0.75")


def _below(axes: Axes, m: Mapping[str, Any]) -> bool:
    return bool(m["accuracy"]["mean"] * 100 < axes.ys[0])


Box = tuple[float, float, float, float]


def _whiskers(d: Drawing, axes: Axes, m: Mapping[str, Any], colour: str, strong: bool) -> list[Box]:
    """Draw both intervals; return their boxes."""
    x, y = _place(axes, m)
    extra = "opacity:0.85" if strong else "opacity:0.35"
    width = 1.6 if strong else 1.1
    top, bottom = (_height(axes, m["accuracy"][end]) for end in ("high", "low"))
    d.line(x, top, x, bottom, colour, width, extra)
    # Ranges are those of means: a longer interval ends where the next picture begins.
    low, high = (axes.x(min(m["tokens"][end], axes.xs[1])) for end in ("low", "high"))
    d.line(low, y, high, y, colour, width, extra)
    return [(x - 2, top, x + 2, bottom), (low, y - 2, high, y + 2)]


def _points(
    d: Drawing, axes: Axes, results: Mapping[str, Any], band: str | None, small: bool
) -> None:
    arms, looks = results["arms"], rule_looks(results)
    labels: list[tuple[float, float, str, float]] = []
    styles: list[tuple[str, int]] = []
    grid: list[tuple[Mapping[str, Any], Mapping[str, Any], str, str]] = []
    boxes: list[Box] = []
    for name in grid_arms(results):
        arm = arms[name]
        m = _where(arm, band)
        shape, colour = looks[rule_of(arm)]
        if arm["policy"] != BASE:
            colour = policy_colour(results, arm["policy"])
        boxes.extend(_whiskers(d, axes, m, colour, strong=False))
        grid.append((arm, m, shape, colour))
    for arm, m, shape, colour in grid:
        x, y = _place(axes, m)
        d.mark(shape, x, y, 3.6 if small else 5, colour, _tip(f"monitored, {arm['label']}", m))
    heroes = [n for n in reversed(main_arms(results)) if "point" not in arms[n]]
    for name in heroes:
        m = _where(arms[name], band)
        text, shape, colour = arm_look(results, name)
        boxes.extend(_whiskers(d, axes, m, colour, strong=True))
        x, y = _place(axes, m)
        size = {"free": 6.4}.get(arms[name]["kind"], 6) * (0.72 if small else 1)
        d.mark(shape, x, y, size, colour, _tip(text, m))
    if small:
        return
    for name in reversed(heroes):
        m = _where(arms[name], band)
        x, y = _place(axes, m)
        text, _, colour = arm_look(results, name)
        labels.append((x, y, text, 13.5))
        styles.append((colour, 650))
    for arm, m, _, colour in grid:
        x, y = _place(axes, m)
        words = arm["label"].rsplit(" ", 1)[-1]
        if _below(axes, m):
            words += f" ↓ {number(m['accuracy']['mean'] * 100, 0)} %"
        labels.append((x, y, words, 11))
        styles.append((colour, 500))
    for (lx, ly, anchor), (_, _, words, size), (colour, weight) in zip(
        place_labels(labels, axes, boxes), labels, styles, strict=True
    ):
        d.text(lx, ly, words, size, colour, anchor, weight, halo=True)


def hull_of(results: Mapping[str, Any]) -> list[str]:
    """The arms on the frontier that monitoring the reference reaches; that of base without one."""
    reference = reference_of(policy_names(results))
    found = results["frontier"].get(reference) or results["frontier"].get(BASE) or {}
    return next((list(f["hull"]) for f in found.values()), [])


def frontier_plot(results: Mapping[str, Any]) -> str:
    """Accuracy against tokens on the whole test split, as an SVG with a legend."""
    arms = results["arms"]
    names = [n for n in arms if "point" not in arms[n]]
    xs, ys = _ranges(results, names, None)
    d = Drawing(880, 500, "Accuracy against mean tokens per answer, all arms")
    axes = Axes(62, 66, 796, 374, xs, ys)
    axes.draw(d, "mean tokens per answer (everything paid for)", "answered correctly", 12, " %")
    hull = hull_of(results)
    _draw_hull(d, axes, results, None, hull)
    _points(d, axes, results, None, small=False)
    x = 200.0
    d.text(x - 6, 20, "monitored by", 12, SOFT, "end")
    for rule, (shape, colour) in rule_looks(results).items():
        d.mark(shape, x + 8, 16, 5, colour)
        d.text(x + 18, 20, rule.replace("_", " "), 12, colour, "start", 600)
        x += 34 + len(rule) * 7
    if hull:
        d.line(194, 34, 222, 34, HULL, 1.6, "stroke-dasharray:5 4")
        d.text(228, 38, "best any mixture of monitored stops reaches", 12, SOFT)
    over = results["bootstrap"]["over"]
    note = f"whiskers: 95 % intervals over {over}"
    if ys[0] > 0:
        note += " · the y axis is cut"
    if any(_below(axes, arms[n]) for n in names):
        note += ", ↓: points below it"
    d.text(858, 494, note, 11, SOFT, "end")
    return d.svg()


def band_frontiers(results: Mapping[str, Any]) -> str:
    """The same for each difficulty band, small, side by side; empty with a single band."""
    arms = results["arms"]
    bands = list(arms["base"]["bands"])[:4]
    if len(bands) < 2:
        return ""
    wide = 880 / len(bands)
    d = Drawing(880, 262, "Accuracy against mean tokens per answer, by difficulty band")
    names = [n for n in arms if "point" not in arms[n]]
    for i, band in enumerate(bands):
        xs, ys = _ranges(results, names, band)
        axes = Axes(i * wide + 48, 44, wide - 64, 168, xs, ys)
        count = results["problems"]["bands"].get(band, "")
        d.text(axes.left, 16, band, 13.5, weight=650)
        d.text(axes.left + len(band) * 9.4 + 12, 16, f"{count} problems", 11.5, SOFT)
        d.line(axes.left, 24, axes.left + axes.width, 24, GRID)
        axes.draw(d, "tokens" if i == 0 else "", "", 11, " %")
        _points(d, axes, results, band, small=True)
    return d.svg()
