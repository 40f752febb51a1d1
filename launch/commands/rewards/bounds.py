"""The values that a term can have, in words."""

from __future__ import annotations

from math import isinf


def bounds_text(bounds: tuple[float, float]) -> str:
    """``0``, ``-1 to 0`` or ``0 to any``."""
    least, most = ("any" if isinf(value) else f"{value:g}" for value in bounds)
    return least if bounds[0] == bounds[1] else f"{least} to {most}"
