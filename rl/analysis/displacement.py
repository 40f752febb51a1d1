"""What a policy writes more and less of, by type, and whether its steps only changed their length.

A charge on one type of step may come back as another: verification that was charged returns as
self-talk, or the same text is cut into other steps. Both are compared with a reference policy, the
control if there is one: what differs from it is what the shaped reward did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rl.analysis.estimates import Estimate, estimate_mean
from rl.analysis.panels import Panel, aligned

RETURNED = 0.10
"""A type is flagged that took up at least this share of the tokens that other types lost."""
Means = Mapping[str, Mapping[str, float]]
"""Steps and tokens of each type, means over answers; see `rl.analysis.behaviour.by_type`."""


def displacement(a: Panel, b: Panel, seed: int) -> dict[str, Any]:
    """Steps and tokens of each type under `a`, less those under `b`, paired by problem.

    Returns:
        ``types``: for each type that occurs, the estimates ``steps`` and ``tokens``; ``lost``: the
        tokens an answer that types lost whose whole interval is below 0; ``returned``: types whose
        whole interval is above 0 and whose rise is at least `RETURNED` of that.
    """
    a, b = aligned(a, b)
    weights = b.weights(seed)
    names = sorted({step.type for panel in (a, b) for s in panel.samples for step in s.steps})
    changes = {
        measure: _per_problem(a, names, measure) - _per_problem(b, names, measure)
        for measure in ("steps", "tokens")
    }
    types: dict[str, dict[str, Estimate]] = {
        name: {measure: estimate_mean(rows[i], weights) for measure, rows in changes.items()}
        for i, name in enumerate(names)
    }
    tokens = {name: row["tokens"] for name, row in types.items()}
    lost = sum(-(e["mean"] or 0.0) for e in tokens.values() if (e["high"] or 0.0) < 0)
    returned = [
        name
        for name, e in tokens.items()
        if lost > 0 and (e["low"] or 0.0) > 0 and (e["mean"] or 0.0) >= RETURNED * lost
    ]
    return {"types": types, "lost": round(lost, 6), "returned": returned}


def _per_problem(panel: Panel, names: list[str], measure: str) -> np.ndarray[Any, Any]:
    """Mean steps or tokens of each type for each problem, (types, problems)."""
    place = {name: i for i, name in enumerate(names)}
    sums = np.zeros((len(names), len(panel.problem_ids)))
    for sample, row in zip(panel.samples, panel.rows, strict=True):
        for step in sample.steps:
            sums[place[step.type], row] += step.tokens if measure == "tokens" else 1
    return sums / np.bincount(panel.rows, minlength=len(panel.problem_ids))


def step_density(a: Means, b: Means) -> dict[str, float | None]:
    """Why policy `a` has more or fewer steps per 1,000 tokens of thinking than `b`.

    The change has two parts. With the steps that `a` writes, each as long as `b` writes those of
    its type, the density would be ``at_lengths_of_b``: up to there it is another mixture of types,
    beyond it steps of the same type that became shorter or longer.

    Returns:
        ``a`` and ``b`` (steps per 1,000 tokens), ``at_lengths_of_b``, and ``by_mix`` and
        ``by_length``, which sum to the change; None without steps.
    """
    none = dict.fromkeys(("a", "b", "at_lengths_of_b", "by_mix", "by_length"))
    steps, tokens = (sum(row[key] for row in a.values()) for key in ("steps", "tokens"))
    other_steps, other_tokens = (sum(row[key] for row in b.values()) for key in ("steps", "tokens"))
    if not tokens or not other_tokens:
        return none
    expected = sum(row["steps"] * _length(name, a, b) for name, row in a.items())
    now, before = 1000 * steps / tokens, 1000 * other_steps / other_tokens
    middle = 1000 * steps / expected
    return {
        "a": round(now, 6),
        "b": round(before, 6),
        "at_lengths_of_b": round(middle, 6),
        "by_mix": round(middle - before, 6),
        "by_length": round(now - middle, 6),
    }


def _length(name: str, a: Means, b: Means) -> float:
    """Tokens of a step of a type under `b`, or under `a` where `b` has none."""
    row = b.get(name)
    if row is None or not row["steps"]:
        row = a[name]
    return row["tokens"] / row["steps"] if row["steps"] else 0.0
