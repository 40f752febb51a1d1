"""Centred by the group, divided by the deviation of the whole batch: DLER, REINFORCE++ baseline.

    x = r - mean of the group            A = (x - m) / sqrt(v + 1e-8)

with mean m and sample variance v of x over the batch: over its rollouts (``over: rollouts``), or
over its tokens, each rollout counted once a token (``over: tokens``), as in DLER's code.

Source: DLER, arXiv 2510.15110, NVlabs/DLER verl/trainer/ppo/core_algos.py at ea7d4f7, which filters
groups without spread before; REINFORCE++, arXiv 2501.03262. TRL's ``scale_rewards: batch`` divides
by the deviation of r instead of x, so it grows with the differences between problems.

Right for: noisy groups of few rollouts, and groups that differ in spread: all share one divisor,
so none is blown up because its own spread is small.

Property: the ratio of two rollouts' x is kept over the whole batch, so doubling the weight of a
shaped term doubles it against correctness, in all-correct groups too. Over rollouts the
advantages sum to 0 in every group. Over tokens they do not: m is not 0 where length and reward go
together, and a group without spread gets -m / sd for every rollout, which pushes all its tokens
one way.

Example:
    aggregation: {kind: batch, over: tokens}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from rewards.aggregation.base import Aggregation, ScoredRollouts
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

_EPSILON = 1e-8


@dataclass(frozen=True)
class BatchParams(Settings):
    """Parameters of ``batch``.

    Attributes:
        over: What mean and variance of the batch count: ``rollouts`` or their ``tokens``.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "aggregation 'batch'"

    over: Literal["rollouts", "tokens"] = "rollouts"


@dataclass(frozen=True)
class Batch(Aggregation[BatchParams]):
    """See the module."""

    PARAMS: ClassVar[type[Settings]] = BatchParams

    def advantages(self, scored: ScoredRollouts) -> torch.Tensor:
        """The advantage of each rollout, (B,)."""
        import torch

        among = scored.scorable
        centred = scored.total - scored.by_group.mean(scored.total, among)
        centred = centred.masked_fill(~among, 0.0)
        counts = scored.tokens if self.params.over == "tokens" else torch.ones_like(scored.total)
        counts = counts.masked_fill(~among, 0.0)
        number = counts.sum().clamp(min=1.0)
        mean = (counts * centred).sum() / number
        variance = (counts * (centred - mean) ** 2).sum() / (number - 1).clamp(min=1.0)
        return ((centred - mean) / (variance + _EPSILON).sqrt()).masked_fill(~among, 0.0)


METHOD = Batch
