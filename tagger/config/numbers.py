"""What counts as a number in a file that others wrote."""

from __future__ import annotations

from math import isfinite
from typing import TypeGuard


def finite_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number, not infinite, NaN or too large for a float; booleans are not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False
