"""A panel as an inline drawing: each step thin, the running mean thick."""

from __future__ import annotations

from rl.dashboard.plot import resample
from rl.dashboard.series import Curve, Panel
from rl.report.curves import running_mean
from rl.report.style import number
from tagger.display.svg import SOFT, Axes, Drawing

WIDTH, HEIGHT = 430.0, 210.0
MOST_POINTS = 500
_LINE, _LEFT = 15.0, 58.0


def draw(panel: Panel) -> str:
    """Draw a panel.

    Returns:
        An ``svg`` element; a panel of several curves has a legend with their last values.
    """
    several = len(panel.curves) > 1
    names = _legend(panel) if several else []
    legend = _LINE * (1 + names[-1][1]) if names else 0.0
    points = [point for one in panel.curves for point in one.points]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    room = (max(ys) - min(ys)) * 0.08 or abs(max(ys)) * 0.05 or 0.1
    low = min(ys) - room
    drawing = Drawing(WIDTH, HEIGHT + legend, panel.title)
    axes = Axes(
        _LEFT, 22 + legend, WIDTH - 76, HEIGHT - 62,
        (min(0, *xs) if len(xs) > 1 else 0, max(max(xs), 1)),
        (max(0.0, low) if min(ys) >= 0 else low, max(ys) + room),
    )  # fmt: skip
    axes.draw(drawing, "", "", 10.5, panel.unit)
    for one in panel.curves:
        shown = _thinned(one)
        places = [(axes.x(x), axes.y(y)) for x, y in shown]
        if one.sparse or len(places) == 1:
            for (x, y), (step, value) in zip(places, shown, strict=True):
                tip = f"{one.name}, step {step:g}: {number(value)}{panel.unit}"
                drawing.mark("ring" if one.sparse else "circle", x, y, 4, one.colour, tip)
        if len(places) > 1 and not one.sparse:
            if not several:
                drawing.path(places, _stroke(one.colour, 1, 0.3))
            smooth = zip(places, running_mean([y for _, y in shown]), strict=True)
            line = [(x, axes.y(y)) for (x, _), y in smooth]
            drawing.path(line, _stroke(one.colour, 2, 1))
    for one, (x, row, text) in zip(panel.curves, names, strict=False):
        y = 12 + _LINE * row
        drawing.rect(x, y - 8, 9, 9, one.colour, radius=2)
        drawing.text(x + 13, y, text, 10.5, SOFT)
    return drawing.svg()


def _stroke(colour: str, width: float, opacity: float) -> str:
    return f"fill:none;stroke:{colour};stroke-width:{width};opacity:{opacity};stroke-linejoin:round"


def _thinned(one: Curve) -> list[tuple[float, float]]:
    """The points of a curve, means of neighbours where there are more than can be seen."""
    if len(one.points) <= MOST_POINTS:
        return [(float(x), y) for x, y in one.points]
    xs = resample([float(x) for x, _ in one.points], MOST_POINTS)
    return list(zip(xs, resample(one.values, MOST_POINTS), strict=True))


def _legend(panel: Panel) -> list[tuple[float, int, str]]:
    """Place, line and text of each curve's name with its last value, as many a line as fit."""
    found, x, line = [], _LEFT, 0
    for one in panel.curves:
        text = f"{one.name} {number(one.values[-1])}{panel.unit}"
        wide = 24 + 6.4 * len(text)
        if x > _LEFT and x + wide > WIDTH:
            x, line = _LEFT, line + 1
        found.append((x, line, text))
        x += wide
    return found
