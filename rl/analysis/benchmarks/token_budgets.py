"""Accuracy at token budgets: what a policy scores if every answer must fit into so many tokens."""

from __future__ import annotations

from typing import Any

from rl.analysis.estimates import Estimate, estimate_mean
from rl.analysis.panels import Panel

SHARES = (16, 8, 4, 2, 1)
"""Default budgets as divisors of the longest completion: 2k to 32k of 32,768 tokens."""


def default_budgets(longest: int | None) -> list[int]:
    """The budgets of a comparison that names none.

    Args:
        longest: Most tokens of a completion; None: unknown, there are none.

    >>> default_budgets(32768), default_budgets(9)
    ([2048, 4096, 8192, 16384, 32768], [1, 2, 4, 9])
    """
    if longest is None:
        return []
    return sorted({longest // share for share in SHARES if longest // share})


def at_budgets(panel: Panel, budgets: list[int], seed: int) -> list[dict[str, Any]]:
    """Share of answers that are correct and no longer than a budget.

    Tokens are drawn one after the other, so that this is what the arm scores where every completion
    is cut off at the budget, for every budget up to the one it was sampled with.

    Args:
        panel: The arm.
        budgets: Tokens of a completion, thinking and answer.
        seed: Bootstrap seed.

    Returns:
        For each budget ``tokens`` and the estimates ``accuracy`` and ``finished`` (share of
        answers that are finished by then).
    """
    weights = panel.weights(seed)

    def share(budget: int, *, correct: bool) -> Estimate:
        values = panel.per_problem(
            lambda s: float((s.correct if correct else s.finished) and s.tokens <= budget)
        )
        return estimate_mean(values, weights, 0.0, 1.0)

    return [
        {
            "tokens": budget,
            "accuracy": share(budget, correct=True),
            "finished": share(budget, correct=False),
        }
        for budget in budgets
    ]
