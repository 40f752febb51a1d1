r"""How many problems a non-inferiority margin needs.

The accuracy of policy a less that of b is the mean over problems of d_i, the difference of the
shares of correct answers to problem i. It varies over problems by ω² (some problems are easier for
one of the two) and by chance within a problem by σ², the variance of the difference of one answer
of each, so that its mean over n problems with k answers of each has the standard error

    SE² = (ω² + σ² / k) / n

(Miller, Adding Error Bars to Evals, 2024, arXiv 2411.00640, section 5: paired differences; answers
are clustered by problem). "Not worse by the margin m or more" is shown where the lower end of the
two-sided 95 % interval, which is a one-sided test at α = 2.5 %, lies above -m. With an expected
difference δ that succeeds with probability 1 - β if

    SE ≤ (m + δ) / (z_{1-α} + z_{1-β}),   n = (ω² + σ² / k) (z_{1-α} + z_{1-β})² / (m + δ)²

(Julious, Sample sizes for clinical trials with Normal data, Statistics in Medicine 23, 2004,
section 6: non-inferiority; Miller, equation 9). Of R pooled training runs the variance between
runs, τ² / R, is added to SE²; no number of problems lowers it. It is estimated from the R runs
alone, by which the interval is Student's: half of it is about √(z² V + t² s² / R), V the part of
the problems, t of R - 1 degrees of freedom, s² about τ² as chi-squared has it; the probability of
success is the mean over s².
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from rl.analysis.claims.evidence import MIN_PROBLEMS
from rl.analysis.claims.student import upper_quantile
from rl.analysis.panels import Array, Panel, aligned
from tagger.errors import UserError

LEVEL = 0.025
"""One-sided level, that of a two-sided 95 % interval."""
POWERS = (0.8, 0.9)
"""Probabilities of success for which a number of problems is given."""
MOST_PROBLEMS = 10**9
"""Where the search for a number of problems ends."""


@dataclass(frozen=True, slots=True)
class Variance:
    """What the accuracy difference of two arms varies by.

    Attributes:
        between: ω², variance over problems of the expected difference.
        within: σ², variance of the difference of one answer of each arm to one problem; None where
            no problem has two answers: then `between` holds both, for one answer a problem.
        between_runs: τ², variance of the difference over training runs; None of a single run.
        runs: Training runs of each policy.
    """

    between: float
    within: float | None = None
    between_runs: float | None = None
    runs: int = 1

    def of_a_problem(self, samples: int) -> float:
        """ω² + σ² / k of problems with k answers of each arm (times `runs`).

        Raises:
            UserError: The part within problems is unknown and k is not 1.
        """
        if self.within is None:
            if samples != 1:
                raise UserError(
                    f"What {samples} answers a problem gain is unknown: answers to one problem"
                    " were given one at a time; make a pilot with samples=2 or more, or state"
                    " --within-correlation."
                )
            return self.between
        return self.between + self.within / (samples * self.runs)


def pair_variance(a: Panel, b: Panel) -> dict[str, Any]:
    """What the accuracy difference of two arms on the same problems varies by.

    Args:
        a: One arm.
        b: The other one; samples are paired by problem and number.

    Returns:
        ``between``, ``within`` (null if no problem has two pairs), ``between_runs`` (null of one
        run), ``runs``, as `Variance`; and ``correlation`` of the accuracies of the two arms over
        problems (null where one of them has no spread).
    """
    a, b = aligned(a, b)
    count, runs = len(b.problem_ids) // b.runs, b.runs
    shares = [panel.per_problem(_correct) for panel in (a, b)]
    by_run = np.subtract(*shares).reshape(runs, count)
    observed = float(by_run.mean(axis=0).var(ddof=1)) if count > 1 else 0.0
    within, sampled = _within(a, b)
    if within is not None:
        observed = max(0.0, observed - within * sampled / runs)
    spreads = [share.std() for share in shares]
    correlation = None
    if min(spreads) > 0:
        correlation = round(float(np.corrcoef(shares[0], shares[1])[0, 1]), 6)
    between_runs = float(by_run.mean(axis=1).var(ddof=1)) if runs > 1 else None
    return {
        "between": round(observed, 8),
        "within": None if within is None else round(within, 8),
        "between_runs": None if between_runs is None else round(between_runs, 8),
        "runs": runs,
        "correlation": correlation,
    }


def _correct(sample: Any) -> float:
    return float(sample.correct)


def _within(a: Panel, b: Panel) -> tuple[float | None, float]:
    """Mean variance of paired answers within a problem, and the mean of 1 / (pairs a problem)."""
    after = {(s.problem_id, s.sample): s.correct for s in a.samples}
    rows: dict[str, list[int]] = {}
    for s in b.samples:
        if (s.problem_id, s.sample) in after:
            rows.setdefault(s.problem_id, []).append(after[s.problem_id, s.sample] - s.correct)
    variances = [np.var(row, ddof=1) for row in rows.values() if len(row) > 1]
    if not variances:
        return None, 1.0
    return float(np.mean(variances)), float(np.mean([1 / len(row) for row in rows.values()]))


def stated_variance(
    accuracy: float, correlation: float, within: float | None = None, expected: float = 0.0
) -> Variance:
    """The same from figures that somebody states in the place of a pilot.

    Answers are correct with the variances v_a = p_a (1 - p_a) and v_b. Of one answer each, to the
    same problem, the difference has the variance v_a + v_b - 2 ρ √(v_a v_b). Two answers of one
    policy to one problem correlate by ρ_w; then σ² = (1 - ρ_w)(v_a + v_b), and the rest is ω².

    Args:
        accuracy: Of the reference, p_b, between 0 and 1.
        correlation: ρ, of an answer of each policy to the same problem.
        within: ρ_w, of two answers of one policy to the same problem; None: unknown.
        expected: Expected difference, p_a - p_b.

    Raises:
        UserError: An accuracy is not strictly between 0 and 1, a correlation not from -1 to 1, or
            the two contradict each other.
    """
    for name, value in (("", accuracy), (" plus --expected", accuracy + expected)):
        if not 0 < value < 1:
            raise UserError(f"--accuracy{name} is {value:g}; name shares between 0 and 1.")
    for name, value in (("correlation", correlation), ("within-correlation", within or 0.0)):
        if not -1 < value < 1:
            raise UserError(f"--{name} is {value:g}; name a number above -1 and below 1.")
    v_a, v_b = ((p * (1 - p)) for p in (accuracy + expected, accuracy))
    total = v_a + v_b - 2 * correlation * math.sqrt(v_a * v_b)
    if within is None:
        return Variance(total)
    noise = (1 - within) * (v_a + v_b)
    if total < noise - 1e-12:
        raise UserError(
            f"--within-correlation {within:g} is below --correlation {correlation:g}: two answers"
            " of one policy to a problem agree at least as often as those of two policies; state"
            " it as large or larger."
        )
    return Variance(max(0.0, total - noise), noise)


def recorded_variance(pair: Mapping[str, Any], name: str) -> Variance:
    """What a pilot's results say of two arms.

    Args:
        pair: An entry of ``paired``.
        name: Its key, for the refusal.

    Raises:
        UserError: The results are of an earlier version, or the arms never differ.
    """
    found = pair.get("variance")
    if found is None:
        raise UserError(
            f"paired.{name} of the pilot holds no variance, as an earlier version wrote it; compute"
            " the results anew from their samples with suffice compare --resume RUN."
        )
    variance = Variance(**{k: found[k] for k in ("between", "within", "between_runs", "runs")})
    if not variance.between and not variance.within:
        raise UserError(
            f"The two arms of paired.{name} are equally accurate on every problem of the pilot, so"
            " it tells no variance; take a larger pilot, or state --accuracy and --correlation."
        )
    return variance


def problems_needed(
    variance: Variance,
    margin: float,
    samples: int,
    *,
    expected: float = 0.0,
    power: float = 0.8,
) -> int | None:
    """Fewest problems that show non-inferiority by a margin with a given probability.

    Args:
        variance: What the difference varies by.
        margin: Accuracy that may be lost, a share above 0.
        samples: Answers of each arm to each problem (of each training run).
        expected: The true difference that is expected.
        power: Probability of success if it is that.

    Returns:
        The number, at least `MIN_PROBLEMS`; None if no number suffices, for the expected loss is
        the margin or more, or training runs differ by too much.
    """
    room = margin + expected
    if room <= 0:
        return None
    normal = NormalDist()
    largest = (room / (normal.inv_cdf(1 - LEVEL) + normal.inv_cdf(power))) ** 2
    of_runs = (variance.between_runs or 0.0) / variance.runs
    left = largest - of_runs
    if left <= 0:
        return None
    fewest = max(MIN_PROBLEMS, math.ceil(variance.of_a_problem(samples) / left - 1e-9))
    if not of_runs:
        return fewest
    if _success(0.0, of_runs, variance.runs, room) < power:
        return None

    def enough(problems: int) -> bool:
        return power_of(variance, margin, samples, problems, expected) >= power

    most = fewest
    while not enough(most):
        most *= 2
        if most > MOST_PROBLEMS:
            return None
    return bisect_left(range(most), True, lo=fewest, key=enough)


def power_of(
    variance: Variance, margin: float, samples: int, problems: int, expected: float = 0.0
) -> float:
    """Probability that so many problems show non-inferiority by the margin; see the module."""
    of_problems = variance.of_a_problem(samples) / problems
    of_runs = (variance.between_runs or 0.0) / variance.runs
    return _success(of_problems, of_runs, variance.runs, margin + expected)


def _success(of_problems: float, of_runs: float, runs: int, room: float) -> float:
    """Probability that an interval ends within some room of the expected difference.

    Args:
        of_problems: Variance of the mean difference by problems.
        of_runs: And by training runs.
        runs: How many runs.
        room: The margin and the expected difference.
    """
    error = math.sqrt(of_problems + of_runs)
    if error <= 0:
        return 1.0 if room > 0 else 0.0
    normal = NormalDist()
    z = normal.inv_cdf(1 - LEVEL)
    if runs < 2 or not of_runs:
        return normal.cdf(room / error - z)
    t = upper_quantile(LEVEL, runs - 1)
    halves = np.sqrt(z**2 * of_problems + t**2 * of_runs * _spreads(runs - 1))
    return sum(normal.cdf((room - half) / error) for half in halves) / len(halves)


@lru_cache(maxsize=16)
def _spreads(freedom: int) -> Array:
    """What a variance may be estimated at, as a share of it: 200 equally likely values."""
    drawn = np.random.default_rng(0).chisquare(freedom, 200_000) / freedom
    return np.asarray(np.quantile(drawn, (np.arange(200) + 0.5) / 200), np.float64)


def power_table(
    variance: Variance, margin: float, samples: Sequence[int], expected: float = 0.0
) -> list[dict[str, Any]]:
    """`problems_needed` for several numbers of samples: ``samples`` and one key a power."""
    return [
        {"samples": k}
        | {
            f"power_{power:g}": problems_needed(variance, margin, k, expected=expected, power=power)
            for power in POWERS
        }
        for k in samples
    ]
