"""Holm's correction over the claims of a comparison that a paired interval tests.

A claim whose interval must lie on one side of a bound tests the hypothesis that the truth lies on
the other side, at the one-sided level of 2.5 % that a two-sided 95 % interval has. Of many such
tests at 2.5 % some succeed by chance; Holm's procedure bounds the probability that any does, for
the whole family, whatever their dependence (Holm, A simple sequentially rejective multiple test
procedure, Scandinavian Journal of Statistics 6, 1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

from rl.analysis.claims.student import upper_quantile, upper_tail

LEVEL = 0.025
"""One-sided level of each claim, and of the family."""

OWN = "difference"
"""The figure that is about the first policy of a claim alone."""

TESTS: dict[str, tuple[str, str]] = {
    "tokens_halved": ("tokens_change", "not fewer tokens"),
    "tokens_saved": ("tokens_change", "not fewer tokens"),
    "fewer_tokens": ("tokens_change", "not fewer tokens"),
    "fewer_tokens_monitored": ("tokens_change", "not fewer tokens"),
    "easy_verification": ("verification_steps_change", "not fewer verification steps"),
    "accuracy_kept": ("accuracy", "less accurate by the margin or more"),
    "as_accurate": ("accuracy", "less accurate by the margin or more"),
    "as_accurate_monitored": ("accuracy", "less accurate by the margin or more"),
    "gain_at_equal_tokens": ("at_equal_tokens", "not above the monitored stops"),
    "verifies_where_incorrect": (OWN, "not more verification where incorrect"),
}
"""Claims that test something: the figure, and the hypothesis that is to be rejected."""


def p_value(
    estimate: Mapping[str, Any], bound: float, *, below: bool, runs: int = 1
) -> float | None:
    """One-sided p value of a hypothesis, from an estimate and its 95 % interval.

    By the half of the interval that faces the bound, taken for 1.96 standard errors (Altman and
    Bland, How to obtain the P value from a confidence interval, BMJ 343, 2011, d2304), so that it
    is below 2.5 % exactly where the interval excludes the bound. The interval of several training
    runs is Student's, of which a half is more standard errors (4.3 of three runs) and the tails are
    heavier: taken for normal, a bound twice as far off would have p = 0.00004, not 0.007. Where
    problems rather than runs make its width, p is larger than need be.

    Args:
        estimate: ``mean``, ``low`` and ``high``.
        bound: Where the hypothesis ends.
        below: Whether the hypothesis is rejected by estimates below the bound, else above it.
        runs: Training runs that the estimate pools.

    Returns:
        The p value; None without an interval of some width.

    >>> round(p_value({"mean": -0.02, "low": -0.03, "high": 0.0}, 0.0, below=True), 6)
    0.025
    """
    mean, end = estimate["mean"], estimate["high" if below else "low"]
    if mean is None or end is None or end == mean:
        return None
    distance = (bound - mean if below else mean - bound) / abs(end - mean)
    if runs > 1:
        return upper_tail(distance * upper_quantile(LEVEL, runs - 1), runs - 1)
    normal = NormalDist()
    return 1 - normal.cdf(distance * normal.inv_cdf(1 - LEVEL))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values, in the order given.

    The i-th smallest of m is multiplied by m - i + 1, made monotone and cut at 1; what is then at
    most the level is rejected for the whole family.

    >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, p_values[i] * (len(p_values) - rank)))
        adjusted[i] = largest
    return adjusted


def corrected(
    claims: Sequence[dict[str, Any]], margin: float, runs: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """Add ``test`` to the claims that test a hypothesis.

    Args:
        claims: All claims of a comparison; those that lack evidence (``reason``) are no tests.
        margin: The non-inferiority margin, as a share.
        runs: Training runs of each policy that pools several.

    Returns:
        The claims with ``test``: ``hypothesis``, ``p``, ``p_holm`` and ``rejected`` (at the level
        `LEVEL` of the family), or null.
    """
    found = [_p_of(claim, margin, runs or {}) for claim in claims]
    adjusted = iter(holm([p for p in found if p is not None]))
    out = []
    for claim, p in zip(claims, found, strict=True):
        test = None
        if p is not None:
            both = next(adjusted)
            test = {
                "hypothesis": TESTS[claim["name"]][1],
                "p": round(p, 6),
                "p_holm": round(both, 6),
                "rejected": both <= LEVEL,
            }
        out.append({**claim, "test": test})
    return out


def _p_of(claim: Mapping[str, Any], margin: float, runs: Mapping[str, int]) -> float | None:
    if claim["name"] not in TESTS or claim.get("reason"):
        return None
    figure, hypothesis = TESTS[claim["name"]]
    estimate = claim["figures"].get(figure)
    if estimate is None:
        return None
    bound = -margin if hypothesis.endswith("or more") else 0.0
    policies = claim.get("policies", ())[: 1 if figure == OWN else None]
    pooled = max((runs.get(name, 1) for name in policies), default=1)
    return p_value(estimate, bound, below=figure.endswith("_change"), runs=pooled)
