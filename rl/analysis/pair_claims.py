"""What a claim is made of, and the claims that two arms' paired intervals settle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.evidence import never_correct, no_spread, shortfall

ACCURACY_MARGIN = -0.02
"""Loss of accuracy, as a share, up to which it counts as kept."""

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


def directed(results: Mapping[str, Any], a: str, b: str, arm: str, other: str) -> list[Claim]:
    """Which of two arms is shorter, and whether it is as accurate: what the interval settles."""
    pair = results["paired"][f"{arm}_vs_{other}"]
    tokens, accuracy = pair["tokens_change"], pair["accuracy"]
    free = arm == a
    ending = "" if free else "_monitored"
    who, whom = (a, b) if free else (f"{a} under its chosen rule", f"{b} under its own")
    both = (arm, other)
    short = shortfall(results, both)
    shorter = f"{percent(abs(tokens['mean']))} {'fewer' if tokens['mean'] <= 0 else 'more'} tokens"
    fewer = new_claim(
        f"fewer_tokens{ending}",
        f"{begin(who)} uses {shorter} than {whom} (95 % interval of the change"
        f" {percent(tokens['low'])} to {percent(tokens['high'])}).",
        _settled_by(tokens["high"], tokens["low"], 0.0),
        tokens_change=tokens,
    )
    kept = new_claim(
        f"as_accurate{ending}",
        f"{begin(who)} is {abs(accuracy['mean']) * 100:.1f} points"
        f" {'more' if accuracy['mean'] >= 0 else 'less'} accurate than {whom} (95 % interval"
        f" {points(accuracy['low'])} to {points(accuracy['high'])}; margin: 2 points below).",
        _settled_by(-accuracy["low"], -accuracy["high"], -ACCURACY_MARGIN),
        accuracy=accuracy,
    )
    return [
        settled(fewer, short or no_spread([tokens])),
        settled(kept, short or never_correct(results["arms"], both) or no_spread([accuracy])),
    ]


def _settled_by(high: float, low: float, limit: float) -> bool | None:
    """Whether a whole interval is at most a limit (True), above it (False), or neither (None)."""
    return True if high <= limit else False if low > limit else None
