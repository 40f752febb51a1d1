"""Means over several runs on the same problems, with intervals over problems and runs.

Problems are common to all runs, so they are drawn once for all of them; runs (seeds) are weighted
so that their mean spreads as Student's t has it (`rl.analysis.panels.run_weights`): of two or three
runs, which differ, an interval is wide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from rl.analysis.estimates import MEASURES, SHARES, Estimate, interval
from rl.analysis.panels import Array, Panel, band_order, bootstrap_weights, run_weights
from rl.evaluation.samples import Sample

NAMES = (
    "accuracy", "tokens", "thinking_tokens", "verification_steps", "surplus_verification",
    "verified", "first_answer_accuracy", "steps", "finished", "outside_verification",
)  # fmt: skip
"""Measures of a setting, as of `rl.analysis.estimates.MEASURES`, and verification steps outside the
thinking."""
OF_BAND = ("accuracy", "tokens", "verification_steps", "verified", "outside_verification")

Value = Callable[[Sample], float]
_VALUES: dict[str, Value] = {
    **MEASURES, "outside_verification": lambda s: float(s.outside_verification)
}  # fmt: skip


@lru_cache(maxsize=32)
def weights_of_runs(runs: int, seed: int, resamples: int, stream: int = 1) -> Array:
    """Weights of runs, shape (resamples, runs); each row sums to 1.

    Runs that are weighted independently of each other have streams of their own.
    """
    if runs == 1:
        return np.ones((resamples, 1))
    return run_weights(np.random.default_rng([seed, runs, stream]), runs, resamples)


def draws(values: Sequence[Array], seed: int) -> Array:
    """Bootstrap draws of sums over problems, all values in one product.

    Args:
        values: Each of shape (runs, problems).
        seed: Bootstrap seed.

    Returns:
        Shape (values, resamples, runs); means over problems.
    """
    stacked = np.stack(values)
    count, runs, problems = stacked.shape
    weights = bootstrap_weights(problems, seed).problems
    found = weights @ stacked.reshape(-1, problems).T
    return np.asarray(found.reshape(len(weights), count, runs).transpose(1, 0, 2))


def ratio_draws(above: Array, below: Array, seed: int) -> Array:
    """Bootstrap draws of a ratio of two sums over runs and problems.

    Weights of runs may be negative, so they act on what a run has above the ratio of all (the
    linearized ratio estimator), not on the denominator.

    Args:
        above: Draws of the numerator, one of `draws`: shape (resamples, runs).
        below: Those of the denominator.
        seed: Bootstrap seed.

    Returns:
        Shape (resamples,); NaN where the denominator is 0.
    """
    resamples, runs = above.shape
    weights = weights_of_runs(runs, seed, resamples)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = above.sum(1) / below.sum(1)
        over = (weights * (above - ratio[:, None] * below)).sum(1)
        return np.asarray(ratio + over / below.mean(1))


def mean_estimates(values: Mapping[str, Array], seed: int) -> dict[str, Estimate]:
    """Means of amounts, shape (runs, problems), by measure, with 95 % intervals."""
    found = draws(list(values.values()), seed)
    ones = np.ones_like(found[0])
    return {
        name: interval(
            float(value.mean()),
            ratio_draws(above, ones, seed),
            least=0.0,
            most=1.0 if name in SHARES else math.inf,
        )
        for (name, value), above in zip(values.items(), found, strict=True)
    }


def matrix(panels: Sequence[Panel], value: Value) -> Array:
    """A value's mean for each problem, shape (runs, problems)."""
    return np.array([panel.per_problem(value) for panel in panels])


def totals(panels: Sequence[Panel], value: Value) -> Array:
    """A value's sum for each problem, shape (runs, problems)."""
    return np.array([panel.totals(value) for panel in panels])


def measure_runs(panels: Sequence[Panel], seed: int) -> dict[str, Any]:
    """What is measured on runs that share their settings.

    Args:
        panels: One a run, on the same problems in the same order.
        seed: Bootstrap seed.

    Returns:
        `NAMES`, each an estimate; ``selectivity``; ``bands``, for each band `OF_BAND`; and
        ``by_run``, accuracy and tokens of each run.
    """
    out: dict[str, Any] = dict(
        mean_estimates({name: matrix(panels, _VALUES[name]) for name in NAMES}, seed)
    )
    out["selectivity"] = selectivity(panels, seed)
    out["bands"] = {}
    for band in band_order(panels[0].bands):
        parts = [panel.only(band) for panel in panels]
        values = {name: matrix(parts, _VALUES[name]) for name in OF_BAND}
        out["bands"][band] = {
            **mean_estimates(values, seed), "selectivity": selectivity(parts, seed)
        }  # fmt: skip
    out["by_run"] = {
        name: [round(float(row.mean()), 6) for row in matrix(panels, MEASURES[name])]
        for name in ("accuracy", "tokens")
    }
    return out


def selectivity(panels: Sequence[Panel], seed: int) -> dict[str, Any]:
    """How often a policy verifies, given its first stated answer.

    Returns:
        ``verified_if_first_incorrect`` and ``verified_if_first_correct``, shares of the answers
        whose first stated answer is so; and ``difference``.
    """
    sums = [*_verified_given(panels, False), *_verified_given(panels, True)]
    drawn = draws(sums, seed)
    rates, spreads = [], []
    for i in (0, 2):
        total = float(sums[i + 1].sum())
        rates.append(float(sums[i].sum()) / total if total else math.nan)
        spreads.append(ratio_draws(drawn[i], drawn[i + 1], seed))
    incorrect, correct = (interval(*pair, 0.0, 1.0) for pair in zip(rates, spreads, strict=True))
    gap = interval(rates[0] - rates[1], spreads[0] - spreads[1], -1.0, 1.0)
    return {
        "verified_if_first_incorrect": incorrect,
        "verified_if_first_correct": correct,
        "difference": gap,
    }


def _verified_given(panels: Sequence[Panel], first: bool) -> tuple[Array, Array]:
    """Verified answers, and all answers, among those whose first stated answer is (in)correct."""

    def such(s: Sample) -> float:
        return float(s.first_answer_correct is first)

    def both(s: Sample) -> float:
        return such(s) * float(s.verification_steps > 0)

    return totals(panels, both), totals(panels, such)


def against(
    panels: Sequence[Panel], seeds: Sequence[int], other: Sequence[Panel], others: Sequence[int],
    seed: int,
) -> dict[str, Estimate]:  # fmt: skip
    """Differences to another policy, paired by problem, and by training seed if it has them all.

    Where it lacks a seed, e.g. because that run failed, the runs of both are drawn independently,
    the problems still in common.

    Args:
        panels: One a run.
        seeds: Their training seeds.
        other: Those of the other policy.
        others: Its training seeds; none for a policy that was there before.
        seed: Bootstrap seed.

    Returns:
        ``accuracy``, the difference, and ``tokens_change``, the relative change.
    """
    paired = set(seeds) <= set(others)
    rivals = [other[list(others).index(s)] for s in seeds] if paired else other
    (own, tokens), (rival, before) = (
        (matrix(side, MEASURES["accuracy"]), matrix(side, MEASURES["tokens"]))
        for side in (panels, rivals)
    )
    if paired:
        gaps, above, below = draws([own - rival, tokens, before], seed)
        gap = ratio_draws(gaps, np.ones_like(gaps), seed)
        ratio = ratio_draws(above, below, seed)
    else:
        gap, ratio = _independent(draws([own, tokens], seed), draws([rival, before], seed), seed)
    return {
        "accuracy": interval(float(own.mean() - rival.mean()), gap),
        "tokens_change": interval(float(tokens.mean() / before.mean() - 1), ratio - 1, -1.0),
    }


def _independent(own: Array, rival: Array, seed: int) -> tuple[Array, Array]:
    """Draws of a difference and of a ratio of means whose runs are weighted independently.

    Args:
        own: Draws of accuracy and tokens, as of `draws`.
        rival: Those of the other policy, of the same problems; perhaps of fewer or more runs.
        seed: Bootstrap seed.

    Returns:
        Of accuracy the difference, of tokens the ratio; each of shape (resamples,).
    """
    (accuracy, tokens), (other, before) = _means(own, seed, 1), _means(rival, seed, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = tokens[0] / before[0]
        moved = tokens[1] - ratio * before[1]  # linear in the weights, as in `ratio_draws`
        return accuracy[1] - other[1], ratio + moved / before[0]


def _means(values: Array, seed: int, stream: int) -> list[tuple[Array, Array]]:
    """Of each value the means over all runs alike, and by the weights of the runs."""
    _, resamples, runs = values.shape
    weights = weights_of_runs(runs, seed, resamples, stream)
    return [(value.mean(1), (weights * value).sum(1)) for value in values]
