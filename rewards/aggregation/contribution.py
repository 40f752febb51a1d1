"""What advantages say of a batch: which groups they tell apart, and what each term changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rewards.aggregation.base import Aggregation, ScoredRollouts

if TYPE_CHECKING:
    import torch

_ROUNDING = 1e-8


def without_spread(values: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Say which groups have equal values, and so nothing to learn from.

    Args:
        values: Shape (B,), e.g. advantages.
        groups: Shape (B,); rollouts of one prompt share a number.

    Returns:
        Shape (groups,), bool, in the order of the groups' numbers.
    """
    import torch

    _, index = torch.unique(groups, return_inverse=True)
    empty = values.new_zeros(int(index.max()) + 1).double()
    high = empty.scatter_reduce(0, index, values.double(), "amax", include_self=False)
    low = empty.scatter_reduce(0, index, values.double(), "amin", include_self=False)
    return high - low <= _ROUNDING


def changes_by_term(method: Aggregation[Any], scored: ScoredRollouts) -> dict[str, float]:
    """How much of the advantage is each term's.

    Args:
        method: The aggregation.
        scored: The batch.

    Returns:
        Term to the mean over rollouts of the absolute difference between the advantage and what
        it would be with that term at weight 0. Where advantages are linear in the terms, as in a
        centred sum, that is the mean of |weight * (term - mean of its group)|.
    """
    whole = method.advantages(scored)
    found = {}
    for k, name in enumerate(scored.names):
        weights = scored.weights.clone()
        weights[k] = 0.0
        without = method.advantages(replace(scored, weights=weights))
        found[name] = float((whole - without).abs().mean())
    return found
