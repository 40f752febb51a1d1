"""z-scores over the rollouts that count, and how far apart they can set two rollouts."""

from __future__ import annotations

from math import isinf, sqrt
from typing import TYPE_CHECKING

from rewards.aggregation.base import EPSILON
from rewards.groups import Groups
from rewards.ranking import margin
from rewards.terms.base import TermBounds

if TYPE_CHECKING:
    import torch


def z_scores(groups: Groups, values: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
    """(value - mean) / (sample deviation + 1e-4) over the rollouts that count.

    Args:
        groups: Over what.
        values: Shape (B,); NaN where a rollout does not count.
        among: Shape (B,) bool, the rollouts that count.

    Returns:
        Shape (B,); 0 for those that do not.
    """
    return groups.z_scores(values, among, ddof=1, epsilon=EPSILON).masked_fill(~among, 0.0)


def least_gap(weight: float, bounds: TermBounds, size: int) -> float:
    """Least of weight x (z of a correct rollout - z of an incorrect one) within a group.

    Two of n values are at most sqrt(2 (n - 1)) sample deviations apart. Where the term sets every
    correct rollout above every incorrect one by a gap g, and all its values lie within a range r,
    the deviation is at most r/2 sqrt(n / (n - 1)).

    Args:
        weight: Weight of the term.
        bounds: Its values, unweighted.
        size: Rollouts of a group.
    """
    gap = margin(weight, bounds)
    if gap < 0:
        return -abs(weight) * sqrt(2 * (size - 1))
    span = abs(weight) * (
        max(bounds.correct + bounds.incorrect) - min(bounds.correct + bounds.incorrect)
    )
    if gap == 0 or isinf(span):
        return 0.0
    return abs(weight) * gap / (span / 2 * sqrt(size / (size - 1)) + abs(weight) * EPSILON)
