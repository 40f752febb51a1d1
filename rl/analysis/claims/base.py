"""What a claim is made of: its figures, its verdict, its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Claim = dict[str, Any]


def percent(value: float | None, digits: int = 0) -> str:
    """A share as a percentage with a proper minus sign, ``n/a`` for None."""
    if value is None:
        return "n/a"
    shown = f"{value * 100:.{digits}f} %"
    return shown.removeprefix("-") if float(shown[:-2]) == 0 else shown.replace("-", "−")


def points(value: float | None) -> str:
    """An accuracy difference in signed percentage points."""
    if value is None:
        return "n/a"
    shown = f"{value * 100:+.1f}".replace("-", "−")
    return "0.0" if shown in ("+0.0", "−0.0") else shown


def new_claim(name: str, text: str, holds: bool | None, **figures: Any) -> Claim:
    """A claim with its verdict and the figures it rests on."""
    return {"name": name, "text": text, "holds": holds, "reason": None, "figures": figures}


def settled(claim: Claim, reason: str | None) -> Claim:
    """The claim as it is, or not settled for a reason."""
    if reason is None:
        return claim
    text = f"{claim['text']} Not settled: {reason}."
    return {**claim, "holds": None, "reason": reason, "text": text}


def begin(name: str) -> str:
    """A policy's name at the beginning of a sentence."""
    return name[:1].upper() + name[1:]


def reached(
    estimate: Mapping[str, float | None], target: float, *, fewer: bool = False, sign: bool = False
) -> bool | None:
    """Whether a value is at least its target, as far as the whole interval tells.

    Args:
        estimate: With ``low`` and ``high``.
        target: What the value is to reach.
        fewer: Whether it is to be at most the target instead, as a change of tokens.
        sign: Whether a value at the target falls short of it, as 0 does of "more".

    Returns:
        True if the whole interval reaches the target, False if all of it falls short, None if it
        does neither, or has no ends.

    >>> reached({"low": 0.01, "high": 0.05}, 0.02), reached({"low": 0.02, "high": 0.05}, 0.02)
    (None, True)
    >>> reached({"low": -0.5, "high": -0.3}, -0.2, fewer=True)
    True
    """
    low, high = estimate["low"], estimate["high"]
    if low is None or high is None:
        return None
    worst, best = (target - high, target - low) if fewer else (low - target, high - target)
    if worst > 0 or (worst == 0 and not sign):
        return True
    return False if best < 0 or (best == 0 and sign) else None
