"""Means with bootstrap intervals over problems, and differences paired by problem.

A problem, not a sample, is what is drawn from the population of problems, so intervals come from
resampling problems: all samples of a problem move together, and two arms move together because
they answer the same problems. Percentile bootstrap, vectorised: the same weights serve
every measure of every arm. Where an arm pools several training runs, runs are weighted as well, as
Student's t has it: see `rl.analysis.panels.run_weights`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rl.analysis.panels import Array, Panel, Weights, aligned
from rl.evaluation.samples import Sample

Estimate = dict[str, float | None]
"""``{"mean", "low", "high"}``: a point estimate and its 95 % interval; None where undefined."""

MEASURES: dict[str, Callable[[Sample], float]] = {
    "accuracy": lambda s: float(s.correct),
    "tokens": lambda s: float(s.tokens),
    "thinking_tokens": lambda s: float(s.thinking_tokens),
    "answer_tokens": lambda s: float(s.answer_tokens),
    "forced_tokens": lambda s: float(s.forced_tokens),
    "steps": lambda s: float(len(s.steps)),
    "verification_steps": lambda s: float(s.verification_steps),
    "surplus_verification": lambda s: float(s.surplus_verification),
    "verified": lambda s: float(s.verification_steps > 0),
    "first_answer_accuracy": lambda s: float(bool(s.first_answer_correct)),
    "finished": lambda s: float(s.finished),
    "stopped": lambda s: float(s.stop_reason is not None),
    "seconds": lambda s: math.nan if s.seconds is None else s.seconds,
    "monitor_seconds": lambda s: math.nan if s.monitor_seconds is None else s.monitor_seconds,
}
"""Measures of one sample, averaged over samples, then over problems."""
SHARES = ("accuracy", "verified", "first_answer_accuracy", "finished", "stopped")
"""Those of `MEASURES` that are at most 1."""
TAIL = 0.025
"""Share of the draws beyond either end of an interval."""


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def interval(
    point: float, draws: Array, least: float = -math.inf, most: float = math.inf
) -> Estimate:
    """A point and the 2.5 % and 97.5 % quantiles of its draws, within what it can be.

    Draws that are not defined are left out. If more than a tail of them is infinite, for the lower
    of two sums was 0, the interval has no end on that side, and none is given.
    """
    draws = draws[~np.isnan(draws)]
    endless = draws.size and np.isinf(draws).mean() > TAIL
    if not math.isfinite(point) or not draws.size or endless:
        return {"mean": _number(point), "low": None, "high": None}
    low, high = np.quantile(draws[np.isfinite(draws)], (TAIL, 1 - TAIL)).clip(least, most)
    return {"mean": _number(point), "low": _number(low), "high": _number(high)}


def estimate_mean(
    values: Array, weights: Weights, least: float = -math.inf, most: float = math.inf
) -> Estimate:
    """Mean over problems of per-problem values (problems,) with its interval.

    Args:
        values: One a problem.
        weights: Of the draws.
        least: What the mean cannot fall below, whatever problems and runs are drawn.
        most: What it cannot exceed.
    """
    return interval(float(values.mean()), weights @ values, least, most)


def estimate_ratio(
    numerator: Array, denominator: Array, weights: Weights, signed: bool = False
) -> Estimate:
    """Ratio of two sums over problems with its interval; undefined where the lower sum is 0.

    Serves conditional shares (wrong-to-right among wrong) and relative changes alike.

    Args:
        numerator: One a problem.
        denominator: One a problem, none below 0.
        weights: Of the draws.
        signed: Whether the upper sum can be below 0.
    """
    point, draws = _ratio_draws(numerator, denominator, weights)
    share = not signed and bool((numerator <= denominator).all())
    return interval(point, draws, -math.inf if signed else 0.0, 1.0 if share else math.inf)


def _ratio_draws(numerator: Array, denominator: Array, weights: Weights) -> tuple[float, Array]:
    """A ratio of two sums, and its draws.

    Weights of several runs may be negative; they act on what a problem has above the ratio of all
    (the linearized ratio estimator), not on the denominator.
    """
    total = denominator.sum()
    if not total:
        return math.nan, np.full(len(weights), math.nan)
    point = float(numerator.sum() / total)
    if weights.signed:
        over = weights @ (numerator - point * denominator)
        return point, np.asarray(point + over / denominator.mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        return point, np.asarray((weights @ numerator) / (weights @ denominator))


def estimate_difference(
    first: tuple[Array, Array], second: tuple[Array, Array], weights: Weights
) -> Estimate:
    """Difference of two ratios of sums over problems, each a numerator and a denominator."""
    parts = [_ratio_draws(*sums, weights) for sums in (first, second)]
    return interval(parts[0][0] - parts[1][0], parts[0][1] - parts[1][1])


def shifted(estimate: Estimate, by: float) -> Estimate:
    """An estimate with a constant added to its mean and both ends."""
    return {k: None if v is None else _number(v + by) for k, v in estimate.items()}


def measure(panel: Panel, seed: int) -> dict[str, Estimate]:
    """All of `MEASURES` on one panel."""
    weights = panel.weights(seed)
    return {
        name: estimate_mean(panel.per_problem(f), weights, 0.0, 1.0 if name in SHARES else math.inf)
        for name, f in MEASURES.items()
    }


PAIRED = ("accuracy", "tokens", "thinking_tokens", "verification_steps", "finished", "seconds")
CHANGES = ("tokens", "thinking_tokens", "verification_steps", "seconds")


def paired(a: Panel, b: Panel, seed: int) -> dict[str, Any]:
    """Differences ``a - b``, paired by problem.

    Returns:
        For each of `PAIRED` the difference of means; for each of `CHANGES` also
        ``<name>_change``, the relative change ``a / b - 1``; and the number of problems on which
        ``a`` is more (``better``), less (``worse``) or equally (``equal``) accurate.

    Raises:
        UserError: The panels hold different problems.
    """
    a, b = aligned(a, b)
    weights = b.weights(seed)
    out: dict[str, Any] = {}
    for name in PAIRED:
        left, right = (p.per_problem(MEASURES[name]) for p in (a, b))
        out[name] = estimate_mean(left - right, weights)
        if name in CHANGES:
            out[f"{name}_change"] = shifted(estimate_ratio(left, right, weights), -1.0)
    accuracies = (panel.per_problem(MEASURES["accuracy"]) for panel in (a, b))
    gain = np.subtract(*accuracies).reshape(b.runs, -1).mean(axis=0)
    out["problems"] = {
        "better": int((gain > 1e-9).sum()),
        "worse": int((gain < -1e-9).sum()),
        "equal": int((abs(gain) <= 1e-9).sum()),
    }
    return out
