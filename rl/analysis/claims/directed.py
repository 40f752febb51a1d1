"""The claims that two arms' paired intervals settle: which is shorter, and whether as accurate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.claims.base import (
    Claim,
    begin,
    new_claim,
    percent,
    points,
    reached,
    settled,
)
from rl.analysis.claims.evidence import never_correct, no_spread, shortfall
from rl.analysis.claims.targets import margin_of


def directed(results: Mapping[str, Any], a: str, b: str, arm: str, other: str) -> list[Claim]:
    """Which of two arms is shorter, and whether it is as accurate: what the interval settles."""
    pair = results["paired"][f"{arm}_vs_{other}"]
    tokens, accuracy = pair["tokens_change"], pair["accuracy"]
    free = arm == a
    ending = "" if free else "_monitored"
    who, whom = (a, b) if free else (f"{a} under its chosen rule", f"{b} under its own")
    both = (arm, other)
    short, margin = shortfall(results, both), margin_of(results)
    shorter = f"{percent(abs(tokens['mean']))} {'fewer' if tokens['mean'] <= 0 else 'more'} tokens"
    fewer = new_claim(
        f"fewer_tokens{ending}",
        f"{begin(who)} uses {shorter} than {whom} (95 % interval of the change"
        f" {percent(tokens['low'])} to {percent(tokens['high'])}).",
        reached(tokens, 0.0, fewer=True, sign=True),
        tokens_change=tokens,
    )
    kept = new_claim(
        f"as_accurate{ending}",
        f"{begin(who)} is {abs(accuracy['mean']) * 100:.1f} points"
        f" {'more' if accuracy['mean'] >= 0 else 'less'} accurate than {whom} (95 % interval"
        f" {points(accuracy['low'])} to {points(accuracy['high'])}; margin:"
        f" {margin * 100:g} points below).",
        reached(accuracy, -margin),
        accuracy=accuracy,
    )
    return [
        settled(fewer, short or no_spread([tokens])),
        settled(kept, short or never_correct(results["arms"], both) or no_spread([accuracy])),
    ]
