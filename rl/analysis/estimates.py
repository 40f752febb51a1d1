"""Means with bootstrap intervals over problems, and differences paired by problem.

A problem, not a sample, is what is drawn from the population of problems, so intervals come from
resampling problems: all samples of a problem move together, and two arms move together because
they answer the same problems. Percentile bootstrap, vectorised: one weight matrix
(resamples, problems) serves every measure of every arm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl.evaluation.samples import Sample
from tagger.errors import UserError

Array = NDArray[np.float64]
Estimate = dict[str, float | None]
"""``{"mean", "low", "high"}``: a point estimate and its 95 % interval; None where undefined."""

RESAMPLES = 10_000

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
    "seconds": lambda s: s.seconds,
    "monitor_seconds": lambda s: s.monitor_seconds,
}
"""Measures of one sample, averaged over samples, then over problems."""


@dataclass(frozen=True)
class Panel:
    """The samples of one arm, arranged by problem.

    Attributes:
        samples: All samples.
        problem_ids: The problems in the order of `rows`.
        bands: Band of each problem.
        rows: For each sample its problem's position.
    """

    samples: tuple[Sample, ...]
    problem_ids: tuple[str, ...]
    bands: tuple[str, ...]
    rows: NDArray[np.int64]

    def per_problem(self, value: Callable[[Sample], float]) -> Array:
        """Mean of a per-sample value for each problem, shape (problems,)."""
        return self.totals(value) / np.bincount(self.rows, minlength=len(self.problem_ids))

    def totals(self, value: Callable[[Sample], float]) -> Array:
        """Sum of a per-sample value for each problem, shape (problems,)."""
        values = np.fromiter((value(s) for s in self.samples), np.float64, len(self.samples))
        sums = np.bincount(self.rows, weights=values, minlength=len(self.problem_ids))
        return sums.astype(np.float64, copy=False)

    def only(self, band: str) -> Panel:
        """The part of the panel whose problems are of one band."""
        return make_panel([s for s in self.samples if s.band == band])


def make_panel(samples: Sequence[Sample], like: Panel | None = None) -> Panel:
    """Arrange samples by problem, in order of first appearance, or in the order of `like`.

    Raises:
        UserError: No samples, or other problems than those of `like`.
    """
    if not samples:
        raise UserError("No samples to measure; give at least one problem and one sample.")
    bands = {s.problem_id: s.band for s in samples}
    ids = like.problem_ids if like else tuple(bands)
    if set(ids) != set(bands):
        odd = sorted(set(ids) ^ set(bands))[0]
        raise UserError(
            f"Two arms answer different problems (first: {odd!r}); run them on the same ones."
        )
    place = {problem: i for i, problem in enumerate(ids)}
    rows = np.array([place[s.problem_id] for s in samples], np.int64)
    return Panel(tuple(samples), ids, tuple(bands[i] for i in ids), rows)


@lru_cache(maxsize=8)
def bootstrap_weights(problems: int, seed: int, resamples: int = RESAMPLES) -> Array:
    """Weights of `resamples` bootstrap draws: (resamples, problems), each row sums to 1."""
    rng = np.random.default_rng([seed, problems])
    drawn = rng.integers(0, problems, size=(resamples, problems))
    flat = drawn + np.arange(resamples)[:, None] * problems
    counts = np.bincount(flat.ravel(), minlength=resamples * problems)
    weights = counts.reshape(resamples, problems) / problems
    weights.flags.writeable = False
    return weights


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _interval(point: float, draws: Array) -> Estimate:
    draws = draws[np.isfinite(draws)]
    if not math.isfinite(point) or not draws.size:
        return {"mean": _number(point), "low": None, "high": None}
    low, high = np.quantile(draws, (0.025, 0.975))
    return {"mean": _number(point), "low": _number(low), "high": _number(high)}


def estimate_mean(values: Array, weights: Array) -> Estimate:
    """Mean over problems of per-problem values (problems,) with its interval."""
    return _interval(float(values.mean()), weights @ values)


def estimate_ratio(numerator: Array, denominator: Array, weights: Array) -> Estimate:
    """Ratio of two sums over problems with its interval; undefined where the lower sum is 0.

    Serves conditional shares (wrong-to-right among wrong) and relative changes alike.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        point = numerator.sum() / denominator.sum() if denominator.sum() else math.nan
        draws = (weights @ numerator) / (weights @ denominator)
    return _interval(float(point), draws)


def estimate_difference(
    first: tuple[Array, Array], second: tuple[Array, Array], weights: Array
) -> Estimate:
    """Difference of two ratios of sums over problems, each a numerator and a denominator."""
    parts = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for numerator, denominator in (first, second):
            point = numerator.sum() / denominator.sum() if denominator.sum() else math.nan
            parts.append((float(point), (weights @ numerator) / (weights @ denominator)))
    return _interval(parts[0][0] - parts[1][0], parts[0][1] - parts[1][1])


def shifted(estimate: Estimate, by: float) -> Estimate:
    """An estimate with a constant added to its mean and both ends."""
    return {k: None if v is None else _number(v + by) for k, v in estimate.items()}


def measure(panel: Panel, seed: int) -> dict[str, Estimate]:
    """All of `MEASURES` on one panel."""
    weights = bootstrap_weights(len(panel.problem_ids), seed)
    return {name: estimate_mean(panel.per_problem(f), weights) for name, f in MEASURES.items()}


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
    a = make_panel(a.samples, like=b)
    weights = bootstrap_weights(len(b.problem_ids), seed)
    out: dict[str, Any] = {}
    for name in PAIRED:
        left, right = (p.per_problem(MEASURES[name]) for p in (a, b))
        out[name] = estimate_mean(left - right, weights)
        if name in CHANGES:
            out[f"{name}_change"] = shifted(estimate_ratio(left, right, weights), -1.0)
    gain = a.per_problem(MEASURES["accuracy"]) - b.per_problem(MEASURES["accuracy"])
    out["problems"] = {
        "better": int((gain > 1e-9).sum()),
        "worse": int((gain < -1e-9).sum()),
        "equal": int((abs(gain) <= 1e-9).sum()),
    }
    return out


def band_order(bands: Sequence[str]) -> list[str]:
    """The distinct bands: easy, medium, hard first if present, others in natural order."""
    known = {"easy": 0, "medium": 1, "hard": 2}
    return sorted(set(bands), key=lambda b: (known.get(b, 9), len(b), b))
