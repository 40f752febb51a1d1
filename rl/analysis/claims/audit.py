"""The claims on what a policy that games the tagger would move: counters, step length, types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.claims.base import Claim, begin, new_claim, percent
from rl.analysis.claims.targets import PARTING, RETURNED, STEP_LENGTH

DOUBT = -0.05
"""Change of the tagger's mean confidence below which it is said to have grown unsure."""
UNLIKE = 0.05
"""Change of the share of steps unlike the tagger's training data above which it is warned of."""
DENSER = 0.10
"""Change of the steps per 1,000 tokens, as a share, from which it is explained."""


def audit_claim(name: str, of: str, arms: Mapping[str, Any], pair: Mapping[str, Any]) -> Claim:
    """Whether the counters of verification agree, and what became of the length of steps.

    Args:
        name: The policy.
        of: The policy it is compared with.
        arms: Measures by arm.
        pair: Their differences.
    """
    before, after = arms[of]["audit"], arms[name]["audit"]

    def change(column: str) -> float | None:
        old, new = before[column]["mean"], after[column]["mean"]
        return None if old is None or new is None or old < 0.2 else new / old - 1

    tagger, keywords, auditor = (
        change(n) for n in ("verification_steps", "keywords", "audit_verification")
    )
    density = pair.get("step_density") or {}
    step_tokens = change("step_tokens")
    figures = {
        "tagger_change": tagger, "keywords_change": keywords, "audit_tagger_change": auditor,
        "step_tokens_change": step_tokens, "step_density": density or None,
    }  # fmt: skip
    warnings = []
    for counter, other in (("the audit tagger", auditor), ("the keyword list", keywords)):
        if tagger is not None and other is not None and abs(tagger - other) > PARTING.value:
            warnings.append(
                f"tagger and {counter} part ({percent(tagger)} against {percent(other)})"
            )
    warnings += _length_warnings(density, step_tokens)
    old, new = before["confidence"]["mean"], after["confidence"]["mean"]
    if old is not None and new is not None and new - old < DOUBT:
        warnings.append(f"the tagger's confidence fell from {old:.2f} to {new:.2f}")
    old, new = (arm.get("unfamiliar", {}).get("mean") for arm in (before, after))
    if old is not None and new is not None and new - old > UNLIKE:
        warnings.append(
            f"steps unlike the tagger's training data rose from {percent(old)} to "
            f"{percent(new)}, whose types are not to be relied on"
        )
    changes = [
        f"{counter} {percent(value)}"
        for counter, value in (
            ("tagger", tagger), ("audit tagger", auditor), ("keyword list", keywords)
        )
        if value is not None
    ]  # fmt: skip
    text = (
        f"Change of verification against {of} by each counter:"
        f" {', '.join(changes) or 'none to compare'}"
    )
    compared = tagger is not None and (auditor is not None or keywords is not None)
    if warnings:
        text += f"; warnings: {'; '.join(warnings)}."
    else:
        text += "; they do not part." if compared else "."
    text += explained(density, of)
    if before["audit_verification"]["mean"] is None:
        text += " No audit tagger was given."
    elif auditor is None:
        text += f" The audit tagger finds too little verification in {of} to tell a change."
    return new_claim("audit", text, not warnings if compared or warnings else None, **figures)


def _length_warnings(density: Mapping[str, Any], step_tokens: float | None) -> list[str]:
    """What is to be warned of in the length of steps: of one type, or of all if types are unknown.

    Fewer long steps and more short ones are another mixture; steps of one type that became longer
    hide verification in them, shorter ones are the same text cut into more steps.
    """
    by_length = density.get("by_length")
    if by_length is None:
        longer = step_tokens or 0.0
        return [f"steps grew {percent(longer)} longer"] if longer > STEP_LENGTH.value else []
    change = density["at_lengths_of_b"] / density["a"] - 1 if density["a"] else 0.0
    if abs(change) <= STEP_LENGTH.value:
        return []
    word = "longer" if change > 0 else "shorter"
    return [f"steps of the same types grew {percent(abs(change))} {word}"]


def explained(density: Mapping[str, Any], of: str) -> str:
    """Why steps per 1,000 tokens changed, in a sentence; empty where they hardly did."""
    if density.get("a") is None or not density["b"]:
        return ""
    before, now, middle = density["b"], density["a"], density["at_lengths_of_b"]
    if abs(now / before - 1) < DENSER:
        return ""
    word = "rose" if now > before else "fell"
    length = "shorter" if now > middle else "longer"
    rest = f"; the rest, {_signed(now - middle)}, is steps of the same types that became {length}"
    if f"{abs(now - middle):.0f}" == "0":
        rest = ", which is all of it"
    return (
        f" Steps per 1,000 tokens {word} from {before:.0f} to {now:.0f}: the other mixture of types"
        f" alone, each step as long as {of} writes those of its type, gives {middle:.0f}{rest}."
    )


def _signed(value: float) -> str:
    return f"{value:+.0f}".replace("-", "−")


def displacement_claim(name: str, of: str, pair: Mapping[str, Any]) -> Claim | None:
    """Whether tokens that some types lost came back as another; None where types are unknown."""
    found = pair.get("displacement")
    if found is None:
        return None
    if not found["lost"]:
        text = f"{begin(name)} has lost no tokens of any type against {of}: nothing to displace."
        return new_claim("displacement", text, None, lost=0.0, returned=[])
    risen = [
        f"{kind.split(' / ')[0]} {found['types'][kind]['tokens']['mean']:+.1f}"
        for kind in found["returned"]
    ]
    lost = f"Of {found['lost']:.1f} tokens an answer that types lost against {of}"
    text = (
        f"{lost}, some came back as another type: {', '.join(risen)} tokens."
        if risen
        else f"{lost}, no type took up {percent(RETURNED.value)} or more."
    )
    return new_claim(
        "displacement", text, not risen, lost=found["lost"], returned=found["returned"]
    )
