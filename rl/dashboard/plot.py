"""Curves in characters: braille dots, two wide and four high in each."""

from __future__ import annotations

import math
from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of a dot by row from above and column, as Unicode has them."""
_BLANK = 0x2800
_BARS = "▁▂▃▄▅▆▇█"


def resample(values: Sequence[float], count: int) -> list[float]:
    """As many values as there are places: means of neighbours, or values between two.

    Args:
        values: At least one.
        count: Places, at least one.
    """
    if len(values) >= count:
        edges = [i * len(values) // count for i in range(count + 1)]
        return [sum(values[a:b]) / (b - a) for a, b in zip(edges, edges[1:], strict=False)]
    if len(values) == 1 or count == 1:
        return [values[0]] * count
    found = []
    for i in range(count):
        place = i * (len(values) - 1) / (count - 1)
        left = min(int(place), len(values) - 2)
        share = place - left
        found.append(values[left] * (1 - share) + values[left + 1] * share)
    return found


def line_plot(
    values: Sequence[float], width: int, height: int, low: float, high: float
) -> list[str]:
    """A line over the values.

    Args:
        values: At least one; those outside `low` and `high` are drawn at the edge.
        width: Characters.
        height: Lines of characters.
        low: Value at the lower edge.
        high: Value at the upper edge.

    Returns:
        `height` lines of `width` characters.
    """
    rows, columns = 4 * height, 2 * width
    cells = [[_BLANK] * width for _ in range(height)]
    span = high - low
    before: int | None = None
    for column, value in enumerate(resample(values, columns)):
        share = 0.5 if span <= 0 else min(1.0, max(0.0, (value - low) / span))
        row = rows - 1 - math.floor(share * (rows - 1) + 0.5)
        # A steep line is drawn through, half of it in the column it comes from.
        first, last = sorted((row, row if before is None else before))
        for dot in range(first, last + 1):
            cells[dot // 4][column // 2] |= _DOTS[dot % 4][column % 2]
        before = row
    return ["".join(map(chr, line)) for line in cells]


def spark(values: Sequence[float], width: int, high: float | None = None) -> str:
    """A line of bars from 0 up to `high`, by default the largest value."""
    shown = resample(values, width)
    top = max(shown) if high is None else high
    if top <= 0:
        return _BARS[0] * width
    last = len(_BARS) - 1
    return "".join(_BARS[min(last, max(0, round(value / top * last)))] for value in shown)
