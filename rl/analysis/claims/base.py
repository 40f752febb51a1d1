"""What a claim is made of: its figures, its verdict, its words."""

from __future__ import annotations

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


def settled_by(high: float, low: float, limit: float) -> bool | None:
    """Whether a whole interval is at most a limit (True), above it (False), or neither (None)."""
    return True if high <= limit else False if low > limit else None
