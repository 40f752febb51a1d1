"""What controllers of weights are shown of a batch of training rollouts, and of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from rewards.weights.length_trend import clearly_positive

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Batch:
    """A batch of training rollouts, summed up; the same on every process.

    Attributes:
        step: Optimizer steps done before it.
        accuracy: Share of correct rollouts.
        error: Its standard error, the groups being separate draws; their own spread aside where
            there is one group.
        tokens: Mean tokens of a rollout.
        tokens_correct: Mean tokens of a correct rollout; None without one.
        means: Mean of each column of the facts.
        term: Mean of the weighted term, unweighted, where it applies; None where it never does.
        correlation: Within-group correlation of length and correctness over the last batches (see
            `rewards.weights.length_trend`); None while it cannot be told.
        correlation_error: Its standard error.
    """

    step: int
    accuracy: float
    error: float
    tokens: float
    tokens_correct: float | None = None
    means: tuple[float, ...] = ()
    term: float | None = None
    correlation: float | None = None
    correlation_error: float | None = None

    @property
    def longer_is_better(self) -> bool:
        """Whether the correlation is clearly positive: compression costs answers."""
        if self.correlation is None or self.correlation_error is None:
            return False
        return clearly_positive(self.correlation, self.correlation_error)


@dataclass(frozen=True)
class Evaluated:
    """An evaluation of the policy on problems of its own.

    Attributes:
        step: Optimizer steps done before it.
        accuracy: Share of correct completions.
        tokens: Mean tokens of a completion.
        completions: How many there were.
    """

    step: int
    accuracy: float
    tokens: float
    completions: int


def summarize(
    facts: torch.Tensor, groups: torch.Tensor, columns: Sequence[str], step: int
) -> Batch:
    """Sum up a facts table.

    Args:
        facts: Shape (B, C), gathered.
        groups: Shape (B,).
        columns: Names of the first columns, ``correct`` and ``tokens`` among them.
        step: Optimizer steps done.
    """
    import torch

    table = facts.double()
    correct, tokens = (table[:, list(columns).index(name)] for name in ("correct", "tokens"))
    accuracy = float(correct.mean())
    _, index = torch.unique(groups, return_inverse=True)
    sizes = torch.bincount(index).double()
    if len(sizes) > 1:
        # Of a ratio of sums, so that groups may differ in size.
        residuals = torch.zeros_like(sizes).index_add_(0, index, correct - accuracy)
        spread = float((residuals**2).sum()) * len(sizes) / (len(sizes) - 1)
        error = sqrt(spread) / len(table)
    else:
        error = sqrt(accuracy * (1 - accuracy) / len(table))
    right = tokens[correct > 0]
    return Batch(
        step=step,
        accuracy=accuracy,
        error=error,
        tokens=float(tokens.mean()),
        tokens_correct=float(right.mean()) if len(right) else None,
        means=tuple(table.mean(dim=0).tolist()),
    )
