"""Student's t distribution, from scipy, imported where it is called."""

from __future__ import annotations


def upper_tail(t: float, freedom: int) -> float:
    """Probability of a value above t.

    Args:
        t: Any number.
        freedom: Degrees of freedom, at least 1.

    >>> round(upper_tail(4.302653, 2), 6), upper_tail(0.0, 5)
    (0.025, 0.5)
    """
    from scipy.special import stdtr

    return float(stdtr(freedom, -t))


def upper_quantile(tail: float, freedom: int) -> float:
    """The value above which a tail lies.

    >>> round(upper_quantile(0.025, 1), 4)
    12.7062
    """
    from scipy.special import stdtrit

    return -float(stdtrit(freedom, tail))
