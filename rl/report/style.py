"""Colours, names and number formats of a report: one meaning, one look, everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from rl.analysis.arms import arm_of, policy_names
from tagger.display.colours import TYPE_COLOURS
from tagger.taxonomies.taxonomy import REASONTYPE

LEAST_WIDTH = 110
"""Columns of a table on narrower terminals, and where there is none: a row stays a line."""
ARM_LOOK = {
    "base": ("base", "circle", "var(--base,#39424e)"),
    "trained": ("trained", "star", "var(--trained,#d9480f)"),
    "trained_monitored": ("trained + monitored", "diamond", "var(--trained2,#a33b7d)"),
    "oracle": ("oracle stop", "ring", "var(--oracle,#8a8f98)"),
    "monitored": ("monitored (chosen)", "square", "var(--monitored,#1f6fb2)"),
}
"""Main arms of base and trained: name for a reader, mark, colour."""

_POLICY_COLOURS = ("#2b8a3e", "#1098ad", "#9c36b5", "#c2255c", "#66a80f", "#845ef7", "#e67700")
"""Colours of the other policies, in their order."""
_KIND_LOOK = {
    "free": ("{}", "star"),
    "monitored": ("{} + monitored", "diamond"),
    "oracle": ("{}, oracle stop", "ring"),
}

RULE_LOOK = (
    ("square", "var(--rule1,#1f6fb2)"),
    ("triangle", "var(--rule2,#0b8f7a)"),
    ("diamond", "var(--rule3,#7a5cc9)"),
    ("circle", "var(--rule4,#a07a12)"),
    ("down", "var(--rule5,#b5487a)"),
    ("plus", "var(--rule6,#5b7083)"),
    ("cross", "var(--rule7,#8c5a2b)"),
)
"""Marks of the stopping rules, in the order they appear; points of a policy under them have its
colour, so shapes must tell them apart."""

_SPARE = ("#5f3dc4", "#087f5b", "#a61e4d", "#364fc7", "#5c940d", "#862e9c", "#0b7285", "#d9480f")

ANSWER = "answer and closing"


def type_colour(name: str, order: Mapping[str, int] | None = None) -> str:
    """Colour of a type by full name or tag; types of other taxonomies get one by their order."""
    for step_type in REASONTYPE.types:
        if name in (step_type.name, step_type.tag):
            return TYPE_COLOURS[step_type.tag]
    if name == ANSWER:
        return "var(--answer,#dfe3e8)"
    return _SPARE[(order or {}).get(name, sum(map(ord, name))) % len(_SPARE)]


def short_type(name: str) -> str:
    """A type's name without its second half, e.g. ``Verification``."""
    return name.split(" / ")[0]


def sort_types(names: set[str]) -> list[str]:
    """Types in the taxonomy's order but with verification last, so that bars end in it."""
    known = {n: i for i, n in enumerate(REASONTYPE.names)}
    verify = REASONTYPE.get("VERIFY").name
    return sorted(names, key=lambda n: (n == verify, known.get(n, len(known)), n))


_MOST_DIGITS = 6


def number(value: float | None, digits: int | None = None) -> str:
    """A figure with as many decimals as it bears, a proper minus but not of 0, ``–`` for None."""
    if value is None:
        return "–"
    if digits is None:
        size = abs(value)
        digits = 0 if size >= 1000 else 1 if size >= 20 else 2
        if 0 < size < 0.01:  # a weight of 0.0012 is not 0.00
            digits = min(_MOST_DIGITS, 1 - math.floor(math.log10(size)))
    shown = f"{value:,.{digits}f}"
    if not shown.strip("-0."):
        shown = shown.removeprefix("-")
    return shown.replace(",", "\u202f").replace("-", "\u2212")


def interval(estimate: Mapping[str, Any], scale: float = 1, digits: int | None = None) -> str:
    """``low to high`` of an estimate, scaled; empty if it has none."""
    if estimate["low"] is None:
        return ""
    low, high = (number(estimate[k] * scale, digits) for k in ("low", "high"))
    return f"{low} to {high}"


def signed(value: float | None, digits: int = 1, unit: str = "") -> str:
    """A difference with its sign."""
    if value is None:
        return "–"
    if round(value, digits) == 0:
        return f"{0:.{digits}f}{unit}"
    return f"{value:+,.{digits}f}{unit}".replace(",", "\u202f").replace("-", "\u2212")


def policy_colour(results: Mapping[str, Any], policy: str) -> str:
    """Colour of a policy's own arm."""
    if policy in ARM_LOOK:
        return ARM_LOOK[policy][2]
    others = [name for name in policy_names(results) if name not in ARM_LOOK]
    return _POLICY_COLOURS[others.index(policy) % len(_POLICY_COLOURS)]


def arm_look(results: Mapping[str, Any], name: str) -> tuple[str, str, str]:
    """Name for a reader, mark and colour of a main arm."""
    if name in ARM_LOOK:
        return ARM_LOOK[name]
    arm = results["arms"][name]
    label, mark = _KIND_LOOK[arm["kind"]]
    return label.format(arm["policy"]), mark, policy_colour(results, arm["policy"])


def label_width(labels: Iterable[str], least: float) -> float:
    """Room that names at the left of a drawing need at 12.5 pixels, and at least so much."""
    return max(least, *(7.0 * len(label) + 8 for label in labels))


def main_arms(results: Mapping[str, Any]) -> list[str]:
    """The arms a reader compares first: policy by policy, the oracles last."""
    names = policy_names(results)
    order = [arm_of(results, name, kind) for name in names for kind in ("free", "monitored")]
    order += [arm_of(results, name, "oracle") for name in names]
    return [name for name in order if name is not None]


def compared_arms(results: Mapping[str, Any]) -> list[str]:
    """The free arm of each policy, and base under its chosen rule, in reading order."""
    arms = results["arms"]
    return [n for n in main_arms(results) if arms[n]["kind"] == "free" or n == "monitored"]


def grid_arms(results: Mapping[str, Any]) -> list[str]:
    """The monitored grid points of all policies, in the order they ran."""
    return [n for n, a in results["arms"].items() if a["kind"] == "grid"]


def rule_of(arm: Mapping[str, Any]) -> str:
    """Name of a grid arm's rule; its kind in results of an earlier version."""
    return str(arm.get("rule_name") or (arm["rule"] or {}).get("name", "rule"))


def rule_looks(results: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Mark and colour of each stopping rule in the results."""
    rules: list[str] = []
    for name in grid_arms(results):
        rule = rule_of(results["arms"][name])
        if rule not in rules:
            rules.append(rule)
    return {rule: RULE_LOOK[i % len(RULE_LOOK)] for i, rule in enumerate(rules)}


def has_times(arm: Mapping[str, Any]) -> bool:
    """Whether an arm's times can be compared: no other ran at the same time, no drafts helped."""
    cost = arm.get("cost") or {}
    return (cost.get("side_by_side") or 1) == 1 and not cost.get("drafts")


def rule_text(arm: Mapping[str, Any]) -> str:
    """Rule and threshold of a monitored arm, without the name of its policy."""
    policy = arm["policy"]
    shown = str(arm["label"])
    return shown.removeprefix(f"{policy} + monitored").removeprefix(f"{policy}, ").strip(" ()")
