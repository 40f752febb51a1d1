"""The smaller pictures: learning curves, selectivity, flips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.behaviour import RISK_GROUPS
from rl.report.style import (
    ARM_LOOK,
    arm_look,
    compared_arms,
    interval,
    label_width,
    main_arms,
    number,
)
from tagger.display.svg import GRID, INK, SOFT, Axes, Drawing, nice_ticks, tick_text

TRAINED = ARM_LOOK["trained"][2]
PANELS = (
    ("accuracy", "answered correctly", 100.0, " %"),
    ("tokens", "tokens per rollout", 1.0, ""),
    ("verification_steps", "verification steps per rollout", 1.0, ""),
    ("reward", "reward", 1.0, ""),
)
WINDOW = 9


def window_of(count: int) -> int:
    """How many values a running mean takes: `WINDOW`, but no more than a third of all.

    The mean of a short run's values around each one is nearly that of all: a flat line.
    """
    most = min(WINDOW, count // 3)
    return max(1, most - (most % 2 == 0))  # odd: as many on either side


def running_mean(values: Sequence[float], window: int | None = None) -> list[float]:
    """Mean of up to `window` values around each one; None takes `window_of` them."""
    half = (window_of(len(values)) if window is None else window) // 2
    out = []
    for i in range(len(values)):
        near = values[max(0, i - half) : i + half + 1]
        out.append(sum(near) / len(near))
    return out


def learning_curves(training: Mapping[str, Any] | None) -> str:
    """Four panels over training steps: each step's value thin, the running mean thick."""
    rows = (training or {}).get("steps") or []
    panels = []
    for key, label, scale, unit in PANELS:
        series = [(r["step"], r[key] * scale) for r in rows if r.get(key) is not None]
        if len(series) > 1:
            panels.append((label, unit, series))
    if not panels:
        return ""
    height = 232 * (-(-len(panels) // 2))
    d = Drawing(880, height, "Learning curves of the training run")
    for i, (label, unit, series) in enumerate(panels):
        xs, ys = [x for x, _ in series], [y for _, y in series]
        room = (max(ys) - min(ys)) * 0.08 or 0.1
        axes = Axes(
            58 + (i % 2) * 444,
            34 + (i // 2) * 232,
            366,
            146,
            (0, max(xs)),
            (min(ys) - room if min(ys) < 0 or unit else max(0, min(ys) - room), max(ys) + room),
        )
        axes.draw(d, "training step" if i >= len(panels) - 2 else "", label, 11, unit)
        d.path([(axes.x(x), axes.y(y)) for x, y in series], _stroke(TRAINED, 1, 0.35))
        smooth = zip(xs, running_mean(ys), strict=True)
        d.path([(axes.x(x), axes.y(y)) for x, y in smooth], _stroke(TRAINED, 2.4, 1))
    return d.svg()


def _stroke(colour: str, width: float, opacity: float) -> str:
    return f"fill:none;stroke:{colour};stroke-width:{width};opacity:{opacity};stroke-linejoin:round"


def selectivity_plot(results: Mapping[str, Any]) -> str:
    """Verification steps by how often the base errs first, and by the arm's own first answer."""
    arms = compared_arms(results)
    looks = {name: arm_look(results, name) for name in arms}
    sel = {n: results["arms"][n]["selectivity"] for n in arms}
    groups = [g for g in RISK_GROUPS if g in sel["base"]["by_base_risk"]]
    left = [[sel[n]["by_base_risk"][g]["verification_steps"] for g in groups] for n in arms]
    kinds = ("right", "wrong")
    right = [[sel[n][f"steps_if_first_{k}"] for k in kinds] for n in arms]
    highs = [e["high"] or 0 for panel in (*left, *right) for e in panel]
    d = Drawing(880, 322, "Verification steps where the first answer is likelier incorrect")
    x = 58.0
    for name in arms:
        label, shape, colour = looks[name]
        d.mark(shape, x, 10, 5.5, colour)
        d.text(x + 12, 14, label, 12.5, colour, weight=600)
        x += 46 + len(label) * 7.2
    counts = [sel["base"]["by_base_risk"][g]["problems"] for g in groups]
    names = [f"{g}|{n} problems" for g, n in zip(groups, counts, strict=True)]
    ys = (0.0, max(highs) * 1.08 or 1.0)
    _dots(d, Axes(58, 66, 466, 192, (0, len(groups)), ys), looks, left, names,
          "problems by how often base's first answer is incorrect")  # fmt: skip
    _dots(d, Axes(596, 66, 270, 192, (0, 2), ys), looks, right,
          ["correct", "incorrect"], "the arm's own first answer")  # fmt: skip
    return d.svg()


def _dots(
    d: Drawing,
    axes: Axes,
    looks: Mapping[str, tuple[str, str, str]],
    panels: Sequence[Sequence[Mapping[str, Any]]],
    names: Sequence[str],
    label: str,
) -> None:
    d.text(axes.left, axes.top - 14, "verification steps per answer", 12, SOFT)
    for tick in nice_ticks(*axes.ys, 5):
        d.line(axes.left, axes.y(tick), axes.left + axes.width, axes.y(tick), GRID)
        d.text(axes.left - 7, axes.y(tick) + 4, tick_text(tick), 11.5, SOFT, "end")
    bottom = axes.top + axes.height
    d.line(axes.left, bottom, axes.left + axes.width, bottom, SOFT)
    for i, name in enumerate(names):
        for line, words in enumerate(name.split("|")):
            colour = SOFT if line else INK
            d.text(axes.x(i + 0.5), bottom + 18 + 15 * line, words, 12 - line, colour, "middle")
    d.text(axes.left + axes.width / 2, bottom + 54, label, 12, SOFT, "middle")
    for j, ((text, shape, colour), row) in enumerate(zip(looks.values(), panels, strict=True)):
        shift = (j - (len(looks) - 1) / 2) * 0.11
        places = [
            (axes.x(i + 0.5 + shift), axes.y(e["mean"]), e, names[i])
            for i, e in enumerate(row)
            if e["mean"] is not None
        ]
        d.path([(x, y) for x, y, _, _ in places], _stroke(colour, 1.4, 0.6))
        for x, y, e, name in places:
            if e["low"] is not None:
                d.line(x, axes.y(e["low"]), x, axes.y(e["high"]), colour, 1.5)
            tip = f"{text}, {name.replace('|', ', ')}: {number(e['mean'], 2)} ({interval(e, 1, 2)})"
            d.mark(shape, x, y, 5.2, colour, tip)


def flips_plot(results: Mapping[str, Any]) -> str:
    """First stated answer to final answer: repaired to the right, spoiled to the left."""
    arms = main_arms(results)
    flips = {n: results["arms"][n]["flips"] for n in arms}
    most = max(
        max(f[k]["share"]["high"] or 0 for k in ("right_to_wrong", "wrong_to_right"))
        for f in flips.values()
    )
    most = (most or 0.01) * 100 * 1.05
    row = 32
    d = Drawing(
        880,
        60 + row * len(arms) + 26,
        "Flips from correct to incorrect and from incorrect to correct",
    )
    names = label_width((arm_look(results, n)[0] for n in arms), 130.0)
    zero = 310 + names  # leaves the widest interval room for its number before the names
    width = min(240.0, 800 - zero)
    good, bad = "var(--good,#2b8a3e)", "var(--bad,#c92a2a)"
    d.text(zero - 10, 16, "correct → incorrect", 12.5, bad, "end", 600)
    d.text(zero + 10, 16, "incorrect → correct", 12.5, good, "start", 600)
    bottom = 34 + row * len(arms)
    for tick in nice_ticks(0, most, 4):
        for side in (-1, 1) if tick else (1,):
            x = zero + side * tick / most * width
            d.line(x, 30, x, bottom, GRID)
            d.text(x, bottom + 17, f"{tick_text(tick)} %", 11.5, SOFT, "middle")
    d.text(870, bottom + 17, "of all answers", 11.5, SOFT, "end")
    for i, name in enumerate(arms):
        y, label = 38 + i * row, arm_look(results, name)[0]
        d.text(names, y + 15, label, 12.5, anchor="end")
        for key, side, colour in (("right_to_wrong", -1, bad), ("wrong_to_right", 1, good)):
            flip = flips[name][key]
            share = flip["share"]
            wide = (share["mean"] or 0) * 100 / most * width
            tip = f"{label}: {flip['count']} of {flips[name]['samples']} answers"
            d.rect(zero - wide if side < 0 else zero, y, wide, 22, colour, tip, 2, "opacity:0.82")
            if share["low"] is not None:
                ends = [zero + side * share[k] * 100 / most * width for k in ("low", "high")]
                d.line(ends[0], y + 11, ends[1], y + 11, SOFT, 1.4)
                edge = max(ends) + 8 if side > 0 else min(ends) - 8
                words = f"{number(share['mean'] * 100, 1)} %"
                d.text(edge, y + 15.5, words, 12, SOFT, "start" if side > 0 else "end")
    d.line(zero, 28, zero, bottom, SOFT, 1.2)
    return d.svg()
