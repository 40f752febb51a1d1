"""Which curves a run's metrics hold, put together in panels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.report.style import type_colour
from rl.training.card.shown_by_run import WINDOW

Rows = Sequence[Mapping[str, Any]]
_PALETTE = ("#2f86c8", "#d9480f", "#2b8a3e", "#a33b7d", "#0c8599", "#a07a12", "#5f3dc4", "#c2255c")


@dataclass(frozen=True)
class Curve:
    """One metric over the steps.

    Attributes:
        name: For the legend.
        colour: CSS colour.
        points: Step and value of each logged step that has one.
        sparse: Few points, to be drawn as marks: an evaluation.
    """

    name: str
    colour: str
    points: tuple[tuple[int, float], ...]
    sparse: bool = False

    @property
    def values(self) -> list[float]:
        """The values alone."""
        return [value for _, value in self.points]


@dataclass(frozen=True)
class Panel:
    """Curves in one picture.

    Attributes:
        title: What it shows.
        curves: At least one.
        unit: Written after the numbers of the axis.
    """

    title: str
    curves: tuple[Curve, ...]
    unit: str = ""


def window(rows: Rows) -> int:
    """Logged steps at either end whose means are compared: never the same ones at both."""
    return max(1, min(WINDOW, len(rows) // 2))


_FIXED: tuple[tuple[str, str, float, tuple[tuple[str, str], ...]], ...] = (
    ("reward", "", 1, (("reward", "reward"),)),
    ("correct", " %", 100, (("rollouts", "facts/correct"), ("evaluation", "eval/accuracy"))),
    ("tokens a rollout", "", 1, (("rollouts", "facts/tokens"), ("evaluation", "eval/tokens"))),
)
_LATER: tuple[tuple[str, str, float, tuple[tuple[str, str], ...]], ...] = (
    ("shares", " %", 100, (
        ("cut off by the length limit", "completions/clipped_ratio"),
        ("groups with equal rewards", "signal/equal_rewards"),
        ("ended without closed thinking", "signal/no_thinking"),
    )),
    ("audit: verification steps", "", 1, (
        ("tagger of the reward", "facts/count/VERIFY"),
        ("audit tagger", "facts/audit_verification"),
        ("reflection keywords", "facts/keywords"),
    )),
    ("audit: tokens a step", "", 1, (("tokens a step", "facts/step_length"),)),
    ("audit: steps per 1,000 tokens", "", 1, (("steps", "facts/steps_per_1k"),)),
    ("audit: tagger confidence", " %", 100, (("confidence", "facts/confidence"),)),
    ("audit: steps unlike the tagger's training data", " %", 100, (("steps", "facts/unfamiliar"),)),
    ("entropy", "", 1, (("entropy", "entropy"),)),
    ("KL to the reference", "", 1, (("kl", "kl"),)),
    ("gradient norm", "", 1, (("norm", "grad_norm"),)),
    ("seconds a step", "", 1, (("seconds", "step_time"),)),
    ("peak memory, GiB", "", 1, (("process", "memory/process"), ("GPU", "memory/gpu"))),
)  # fmt: skip


def panels(rows: Rows) -> list[Panel]:
    """All panels that the rows have values for, in reading order."""
    return [
        *_fixed(rows, _FIXED),
        *_by_prefix(rows, "steps of each type, in the thinking", "facts/count/", types=True),
        *_by_prefix(rows, "tokens of each type, in the thinking", "facts/tokens/", types=True),
        *_by_prefix(rows, "weight of each term", "weight/"),
        *_by_prefix(rows, "what each term changes of the advantage", "advantage/"),
        *_fixed(rows, _LATER),
    ]


def curve(rows: Rows, key: str, name: str, colour: str, scale: float = 1) -> Curve:
    """One metric, without the values that are missing or not finite."""
    points = tuple(
        (int(row["step"]), float(row[key]) * scale)
        for row in rows
        if isinstance(row.get(key), int | float) and math.isfinite(row[key])
    )
    return Curve(name, colour, points, sparse=key.startswith("eval/"))


def type_curves(rows: Rows, prefix: str) -> list[Curve]:
    """A metric of each type that occurs, the most frequent first.

    Args:
        rows: The metrics.
        prefix: ``facts/count/`` or ``facts/tokens/``; the type's tag follows.
    """
    found = [curve(rows, prefix + tag, tag, type_colour(tag)) for tag in _names(rows, prefix)]
    found = [one for one in found if any(one.values)]
    return sorted(found, key=lambda one: -sum(one.values) / len(one.values))


def _fixed(rows: Rows, wanted: Any) -> list[Panel]:
    found = []
    for title, unit, scale, keys in wanted:
        curves = [
            curve(rows, key, name, _PALETTE[i % len(_PALETTE)], scale)
            for i, (name, key) in enumerate(keys)
        ]
        curves = [one for one in curves if one.points]
        if curves:
            found.append(Panel(title, tuple(curves), unit))
    return found


def _by_prefix(rows: Rows, title: str, prefix: str, types: bool = False) -> list[Panel]:
    if types:
        curves = type_curves(rows, prefix)
    else:
        names = _names(rows, prefix)
        curves = [
            curve(rows, prefix + name, name, _PALETTE[i % len(_PALETTE)])
            for i, name in enumerate(names)
        ]
        curves = [one for one in curves if one.points]
    return [Panel(title, tuple(curves))] if curves else []


def _names(rows: Rows, prefix: str) -> list[str]:
    """What stands behind a prefix, in the order of the first row that has it."""
    found = (key.removeprefix(prefix) for row in rows for key in row if key.startswith(prefix))
    return list(dict.fromkeys(found))
