"""The tables on the tests behind the claims, and on the problems that their margin needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.benchmarks.power import POWERS, Variance, power_of, problems_needed
from rl.analysis.claims.holm import LEVEL
from rl.report.style import number
from tagger.display.cells import Cell, Row, Table


def hypotheses_table(results: Mapping[str, Any]) -> Table | None:
    """Every hypothesis that a claim tests, with Holm's correction; None without any."""
    rows = []
    for claim in results["claims"]:
        test = claim.get("test")
        if test is None:
            continue
        rows.append(
            Row(
                [
                    " against ".join(claim["policies"]),
                    claim["name"].replace("_", " "),
                    test["hypothesis"],
                    p_shown(test["p"]),
                    p_shown(test["p_holm"]),
                    "rejected" if test["rejected"] else "not rejected",
                ]
            )
        )
    head = (
        "policies", "claim", "hypothesis", "p, one-sided", "p, Holm",
        f"at {LEVEL * 100:g} % for all {len(rows)}",
    )  # fmt: skip
    return Table(head, rows) if rows else None


def p_shown(p: float) -> str:
    """A p value in as many digits as it bears.

    >>> p_shown(0.0), p_shown(0.0123), p_shown(0.7)
    ('< 0.0001', '0.0123', '0.70')
    """
    if p < 0.0001:
        return "< 0.0001"
    return number(p, 4 if p < 0.1 else 2)


def power_table(results: Mapping[str, Any]) -> Table | None:
    """How many problems would show that accuracy is kept; None for results of an earlier version.

    By the variance of these results, if there is no true difference; of two arms that are equally
    accurate on every problem there is none to go by.
    """
    margin, count = results.get("margin"), results["problems"]["count"]
    samples = results["problems"]["samples_per_problem"]
    rows = []
    for a, b in results["claim_pairs"]:
        found = results["paired"].get(f"{a}_vs_{b}", {}).get("variance")
        if margin is None or found is None or samples != int(samples):
            continue
        keys = ("between", "within", "between_runs", "runs")
        variance, k = Variance(**{key: found[key] for key in keys}), int(samples)
        within = variance.within
        varies = bool(variance.between or within or variance.between_runs)
        needed = [problems_needed(variance, margin, k, power=power) for power in POWERS]
        cells = [Cell("none suffices") if n is None else Cell(number(n, 0)) for n in needed]
        cells.append(Cell(number(power_of(variance, margin, k, count) * 100, 0)))
        rows.append(
            Row(
                [
                    f"{a} against {b}",
                    number(variance.between, 4),
                    "–" if within is None else number(within, 4),
                    number(found["correlation"], 2),
                    *(cells if varies else [Cell("–", "no variance here")] * len(cells)),
                ]
            )
        )
    head = (
        "policies", "variance between problems", "within problems", "correlation of accuracies",
        *(f"problems for {power:.0%} power" for power in POWERS),
        f"power of these {count} problems, %",
    )  # fmt: skip
    return Table(head, rows) if rows else None
