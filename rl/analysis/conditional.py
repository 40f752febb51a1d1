"""Length by correctness, and what a change of arm does to single answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from rl.analysis.estimates import MEASURES, estimate_ratio
from rl.analysis.panels import Panel, aligned


def lengths(panel: Panel, seed: int) -> dict[str, Any]:
    """Tokens of correct and of incorrect answers.

    Returns:
        ``correct`` and ``incorrect``: each ``samples``, and the estimates ``tokens`` and
        ``thinking_tokens``, means over such samples (a ratio of two sums over problems).
    """
    weights = panel.weights(seed)
    out: dict[str, Any] = {}
    for name, wanted in (("correct", True), ("incorrect", False)):
        such = [s for s in panel.samples if s.correct is wanted]
        rows = panel.rows[[s.correct is wanted for s in panel.samples]]
        count = np.bincount(rows, minlength=len(panel.problem_ids)).astype(float)
        out[name] = {"samples": len(such)}
        for measure in ("tokens", "thinking_tokens"):
            values = [MEASURES[measure](s) for s in such]
            total = np.bincount(rows, np.array(values, float), len(panel.problem_ids)).astype(float)
            out[name][measure] = estimate_ratio(total, count, weights)
    return out


def pair_flips(a: Panel, b: Panel, seed: int) -> dict[str, Any]:
    """Answers that are correct under one arm and incorrect under the other.

    Samples are paired by problem and number: with a common seed and one policy they are the same
    until a rule stops one of them; of two policies they are independent draws.

    Returns:
        ``samples`` (pairs), ``harmful`` (`b` correct, `a` incorrect) and ``helpful`` (`b`
        incorrect, `a` correct), each with ``count``, ``share`` (estimate, of all pairs) and
        ``rate`` (estimate, of the pairs whose answer under `b` is correct or incorrect).
    """
    a, b = aligned(a, b)
    after = {(s.problem_id, s.sample): s.correct for s in a.samples}
    both = [s for s in b.samples if (s.problem_id, s.sample) in after]
    weights = b.weights(seed)
    place = {problem: i for i, problem in enumerate(b.problem_ids)}
    out: dict[str, Any] = {"samples": len(both)}
    for name, was in (("harmful", True), ("helpful", False)):
        flipped, such, every = np.zeros((3, len(b.problem_ids)))
        for s in both:
            row = place[s.problem_id]
            every[row] += 1
            such[row] += s.correct is was
            flipped[row] += s.correct is was and after[s.problem_id, s.sample] is not was
        out[name] = {
            "count": int(flipped.sum()),
            "share": estimate_ratio(flipped, every, weights),
            "rate": estimate_ratio(flipped, such, weights),
        }
    return out
