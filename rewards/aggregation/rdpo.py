"""Quantiles of each term within its group, decorrelated over the batch: after RDPO.

    q = 2 * (rank - 1/2) / n - 1         rank of the term among its group's n, ties share their mean
    x = q * range of the group / greatest range of a group in the batch
    y = x C^(-1/2)                       C the terms' second moments over the batch
    A = sum of weight * y

C^(-1/2) is symmetric (Mahalanobis, or ZCA, whitening), over the active terms alone: those with a
weight other than 0 and some spread; directions without variance are dropped.

Source: RDPO, arXiv 2605.13641, as far as it is public: its abstract names a magnitude-aware
quantile normalisation of each prompt's rewards and Mahalanobis whitening within the active reward
subspace; formulas, numbers and code are not. The factor by range is our reading of "magnitude-
aware", so this is a method after RDPO, not RDPO.

Right for: several shaped terms that measure nearly the same (tokens, steps, keywords), which a
plain sum counts several times; continuous terms with outliers.

Property: outliers move only ranks and range; a binary term keeps 1 - p and -p; the whitened
terms are uncorrelated, so a copy of a term adds less than the term; each group sums to 0.
Flaw: whitening mixes terms, so a charge on correct rollouts alone can reach incorrect ones, and no
bound of the terms says how rollouts rank.

Example:
    aggregation: rdpo
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rewards.aggregation.base import Aggregation, ScoredRollouts
from rewards.groups import Groups
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

_LEAST = 1e-6  # of the greatest variance; what has less is rounding


@dataclass(frozen=True)
class RdpoParams(Settings):
    """It has no parameters."""

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "aggregation 'rdpo'"


@dataclass(frozen=True)
class Rdpo(Aggregation[RdpoParams]):
    """See the module."""

    PARAMS: ClassVar[type[Settings]] = RdpoParams
    RANKS_BY_REWARD: ClassVar[bool] = False
    BOUNDED: ClassVar[bool] = False

    def advantages(self, scored: ScoredRollouts) -> torch.Tensor:
        """The advantage of each rollout, (B,)."""
        import torch

        columns = [
            quantile_scores(scored.by_group, scored.groups, scored.terms[:, k], scored.applies(k))
            for k in range(scored.terms.shape[1])
        ]
        table = torch.stack(columns, dim=1)
        active = (scored.weights != 0) & (table.abs().sum(dim=0) > 0)
        if not bool(active.any()):
            return torch.zeros_like(scored.total)
        return whiten(table[:, active]) @ scored.weights[active]


def quantile_scores(
    groups: Groups, numbers: torch.Tensor, values: torch.Tensor, among: torch.Tensor
) -> torch.Tensor:
    """Centred quantiles of each group times its share of the greatest range.

    Args:
        groups: The groups.
        numbers: Shape (B,), their numbers.
        values: Shape (B,); NaN where a rollout does not count.
        among: Shape (B,) bool, the rollouts that count.

    Returns:
        Shape (B,); each group sums to 0.
    """
    together = (numbers[:, None] == numbers[None, :]) & among[None, :]
    below = (together & (values[None, :] < values[:, None])).sum(dim=1)
    equal = (together & (values[None, :] == values[:, None])).sum(dim=1)
    quantile = (2.0 * below + equal) / groups.count(among).clamp(min=1.0) - 1.0
    span = groups.greatest(values, among) - groups.least(values, among)
    span = span.masked_fill(~among, 0.0)
    share = span / span.max().clamp(min=1e-12)
    return (quantile * share).masked_fill(~among, 0.0)


def whiten(table: torch.Tensor) -> torch.Tensor:
    """Decorrelate columns to unit second moments, changing them as little as possible.

    Args:
        table: Shape (B, n).

    Returns:
        Shape (B, n), the columns times the inverse square root of their second moments.
    """
    import torch

    found, directions = torch.linalg.eigh(table.T @ table / len(table))
    inverse = found.clamp(min=0.0).rsqrt().masked_fill(found <= _LEAST * found.max(), 0.0)
    whitened: torch.Tensor = table @ (directions * inverse) @ directions.T
    return whitened


METHOD = Rdpo
