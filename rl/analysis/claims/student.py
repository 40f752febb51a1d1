"""Student's t distribution of a whole number of degrees of freedom, without heavy imports.

By the finite series of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and
26.7.4.
"""

from __future__ import annotations

from functools import lru_cache
from math import atan, cos, pi, sin, sqrt


def upper_tail(t: float, freedom: int) -> float:
    """Probability of a value above t.

    Args:
        t: Any number.
        freedom: Degrees of freedom, at least 1.

    >>> round(upper_tail(4.302653, 2), 6), upper_tail(0.0, 5)
    (0.025, 0.5)
    """
    angle = atan(abs(t) / sqrt(freedom))
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    series = term if freedom > 1 else 0.0
    for j in range(3 if odd else 2, freedom - 1, 2):
        term *= cos(angle) ** 2 * (j - 1) / j
        series += term
    within = sin(angle) * series
    if odd:
        within = 2 / pi * (angle + within)
    tail = (1 - within) / 2
    return tail if t >= 0 else 1 - tail


@lru_cache(maxsize=64)
def upper_quantile(tail: float, freedom: int) -> float:
    """The value above which a tail of less than a half lies, by bisection.

    >>> round(upper_quantile(0.025, 1), 4)
    12.7062
    """
    low, high = 0.0, 1.0
    while upper_tail(high, freedom) > tail:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if upper_tail(middle, freedom) > tail else (low, middle)
    return high
