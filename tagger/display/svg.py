"""A small drawing kit for every page: axes, marks and text as inline SVG, no plotting library.

Colours are CSS variables with fall-backs, so a drawing follows the page into dark mode and still
stands alone as a file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

INK = "var(--ink,#1c2430)"
SOFT = "var(--soft,#5c6675)"
GRID = "var(--grid,#e4e7ec)"
PAPER = "var(--paper,#ffffff)"
FONT = "font-family:var(--sans,system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif)"


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round tick values inside a range, about `count` of them."""
    if not high > low:
        return [low]
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_text(value: float) -> str:
    """A tick's label: no needless decimals, thousands apart, a proper minus sign."""
    return f"{value:,.10g}".replace(",", "\u202f").replace("-", "\u2212")


@dataclass
class Drawing:
    """An SVG in the making.

    Attributes:
        width: Width in user units.
        height: Height in user units.
        title: What it shows; read aloud by screen readers.
        parts: The elements so far.
    """

    width: float
    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        colour: str,
        width: float = 1,
        extra: str = "",
    ) -> None:
        """A straight line."""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            f' style="stroke:{colour};stroke-width:{width};{extra}"/>'
        )

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: str,
        tip: str = "",
        radius: float = 0,
        extra: str = "",
    ) -> None:
        """A filled rectangle, with a tooltip if `tip` is given."""
        title = f"<title>{escape(tip)}</title>" if tip else ""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}"'
            f' rx="{radius}" style="fill:{colour};{extra}">{title}</rect>'
        )

    def path(self, points: Sequence[tuple[float, float]], style: str, close: bool = False) -> None:
        """A polyline, or a polygon if closed."""
        steps = " ".join(
            f"{'M' if i == 0 else 'L'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points)
        )
        self.parts.append(f'<path d="{steps}{"Z" if close else ""}" style="{style}"/>')

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = 12,
        colour: str = INK,
        anchor: str = "start",
        weight: int = 400,
        halo: bool = False,
        turn: float = 0,
    ) -> None:
        """One line of text; `halo` keeps it readable on top of marks."""
        ring = f"paint-order:stroke;stroke:{PAPER};stroke-width:3.5px;" if halo else ""
        rotate = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}"{rotate} text-anchor="{anchor}"'
            f' style="{FONT};font-size:{size}px;font-weight:{weight};fill:{colour};{ring}">'
            f"{escape(words)}</text>"
        )

    def mark(self, shape: str, x: float, y: float, size: float, colour: str, tip: str = "") -> None:
        """A point: ``circle``, ``ring``, or one of the shapes of `_corners`."""
        ring = f"stroke:{PAPER};stroke-width:1.6;"
        style = f"fill:{colour};{ring}"
        if shape == "ring":
            style = f"fill:{PAPER};stroke:{colour};stroke-width:2.2;"
        if shape in ("circle", "ring"):
            body = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}"'
        else:
            corners = " ".join(f"{px:.1f},{py:.1f}" for px, py in _corners(shape, x, y, size))
            body = f'<polygon points="{corners}"'
        title = f"<title>{escape(tip)}</title>" if tip else ""
        name = body[1:].split(" ", 1)[0]
        self.parts.append(f'{body} style="{style}">{title}</{name}>')

    def svg(self) -> str:
        """The finished drawing."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}"'
            f' role="img" aria-label="{escape(self.title, quote=True)}">'
            f"<title>{escape(self.title)}</title>{''.join(self.parts)}</svg>"
        )


_PLUS = ((1, 3), (1, 1), (3, 1), (3, -1), (1, -1), (1, -3))
"""Half of a plus of width 6; the other half is the same turned about the centre."""


def _corners(shape: str, x: float, y: float, size: float) -> list[tuple[float, float]]:
    """Of a square, star, plus, cross, triangle, down (a triangle on its tip) or diamond."""
    if shape == "square":
        s = size * 0.9
        return [(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)]
    if shape == "star":
        return [
            (
                x + size * (1.45 if i % 2 == 0 else 0.62) * math.sin(i * math.pi / 5),
                y - size * (1.45 if i % 2 == 0 else 0.62) * math.cos(i * math.pi / 5),
            )
            for i in range(10)
        ]
    if shape in ("plus", "cross"):
        turn, unit = (0.0, math.pi / 4)[shape == "cross"], size * 0.42
        whole = [*_PLUS, *((-a, -b) for a, b in _PLUS)]
        across, up = math.cos(turn) * unit, math.sin(turn) * unit
        return [(x + a * across - b * up, y + a * up + b * across) for a, b in whole]
    count, turn, reach = {
        "triangle": (3, 0.0, 1.25), "down": (3, math.pi, 1.25), "diamond": (4, 0.0, 1.25),
    }[shape]  # fmt: skip
    angles = [turn + 2 * math.pi * i / count for i in range(count)]
    return [(x + size * reach * math.sin(a), y - size * reach * math.cos(a)) for a in angles]


@dataclass(frozen=True)
class Axes:
    """A plotting area inside a drawing.

    Attributes:
        left: Left edge in user units.
        top: Top edge.
        width: Width of the area.
        height: Height of the area.
        xs: Range of x values.
        ys: Range of y values.
    """

    left: float
    top: float
    width: float
    height: float
    xs: tuple[float, float]
    ys: tuple[float, float]

    def x(self, value: float) -> float:
        """Place of an x value."""
        return self.left + (value - self.xs[0]) / ((self.xs[1] - self.xs[0]) or 1) * self.width

    def y(self, value: float) -> float:
        """Place of a y value."""
        low, high = self.ys
        return self.top + self.height - (value - low) / ((high - low) or 1) * self.height

    def draw(
        self, d: Drawing, x_label: str = "", y_label: str = "", size: float = 12, unit: str = ""
    ) -> None:
        """Grid lines, tick labels and axis names."""
        for value in nice_ticks(*self.ys, 4 if self.height < 200 else 6):
            y = self.y(value)
            d.line(self.left, y, self.left + self.width, y, GRID)
            words = tick_text(value) + unit
            d.text(self.left - 7, y + size * 0.35, words, size, SOFT, "end")
        bottom = self.top + self.height
        for value in nice_ticks(*self.xs, 3 if self.width < 260 else 7):
            x = self.x(value)
            d.line(x, bottom, x, bottom + 4, GRID)
            d.text(x, bottom + 6 + size, tick_text(value), size, SOFT, "middle")
        d.line(self.left, bottom, self.left + self.width, bottom, SOFT, 1)
        if x_label:
            middle = self.left + self.width / 2
            d.text(middle, bottom + 14 + 2 * size, x_label, size + 0.5, SOFT, "middle")
        if y_label:
            d.text(self.left, self.top - 12, y_label, size + 0.5, SOFT)


def place_labels(
    marks: Sequence[tuple[float, float, str, float]],
    area: Axes,
    blocked: Sequence[tuple[float, float, float, float]] = (),
) -> list[tuple[float, float, str]]:
    """Find a place next to each mark where its label covers no other mark or label.

    Args:
        marks: ``(x, y, words, font size)`` in user units, the most important first.
        area: Labels stay inside it.
        blocked: Boxes (left, top, right, bottom) to keep free, e.g. whiskers.

    Returns:
        For each mark the label's ``(x, y, anchor)``.
    """
    taken = [*blocked, *((x - 6, y - 6, x + 6, y + 6) for x, y, _, _ in marks)]
    out = []
    for x, y, words, size in marks:
        width, height = len(words) * size * 0.56 + 2, size
        best, best_cost = (x + 10, y + size * 0.35, "start"), math.inf
        options = [
            (x + 10, y + size * 0.35, "start"), (x, y - 11, "middle"),
            (x, y + 10 + size * 0.8, "middle"), (x - 10, y + size * 0.35, "end"),
            (x + 8, y - 8, "start"), (x + 8, y + 6 + size * 0.8, "start"),
            (x - 8, y - 8, "end"), (x - 8, y + 6 + size * 0.8, "end"),
            (x + 12, y - 22, "start"), (x + 12, y + 20 + size * 0.8, "start"),
            (x - 12, y - 22, "end"), (x - 12, y + 20 + size * 0.8, "end"),
        ]  # fmt: skip
        for rank, (lx, ly, anchor) in enumerate(options):
            left = lx - {"start": 0, "middle": width / 2, "end": width}[anchor]
            box = (left, ly - height, left + width, ly + 2)
            cost = rank * 0.6 + sum(_overlap(box, t) for t in taken)
            outside = (
                max(0, area.left - box[0])
                + max(0, box[2] - area.left - area.width)
                + max(0, area.top - 8 - box[1])
                + max(0, box[3] - area.top - area.height)
            )
            cost += 40 * outside
            if cost < best_cost:
                best, best_cost, best_box = (lx, ly, anchor), cost, box
        taken.append(best_box)
        out.append(best)
    return out


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(high, 0.0)
