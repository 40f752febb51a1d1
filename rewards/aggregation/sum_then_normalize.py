"""The weighted sum of the terms, centred by its group: GRPO, and Dr. GRPO without the division.

    r = sum of weight * term                A = r - mean of the group
    scale group:  A / (sd of the group + 1e-4)
    scale batch:  A / (sd of the batch's r + 1e-4)          scale none: A as it is

with sample deviations. TRL computes it; ``scale`` is the key ``grpo.scale_rewards``, which the kit
sets to ``none``.

Source: DeepSeekMath, arXiv 2402.03300 (group); Dr. GRPO, arXiv 2503.20783 (none); Lite PPO, arXiv
2508.08221 (batch); TRL 1.16, trl/trainer/grpo_trainer.py.

Right for: the default. Under ``none`` a weight is a price in units of correctness.

Property: under ``none`` doubling a weight doubles the term's part of the advantage. Under
``group`` the weight of the only term that varies cancels, as that of a charge on an all-correct
group.

Example:
    aggregation: sum_then_normalize
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from rewards.aggregation.base import EPSILON, Aggregation, ScoredRollouts
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SumThenNormalizeParams(Settings):
    """It has no parameters of its own: ``grpo.scale_rewards`` sets the scale."""

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "aggregation 'sum_then_normalize'"


@dataclass(frozen=True)
class SumThenNormalize(Aggregation[SumThenNormalizeParams]):
    """See the module.

    Attributes:
        scale: What TRL's ``scale_rewards`` says.
    """

    PARAMS: ClassVar[type[Settings]] = SumThenNormalizeParams
    OF_TRL: ClassVar[bool] = True

    scale: Literal["group", "batch", "none"] = "none"

    def advantages(self, scored: ScoredRollouts) -> torch.Tensor:
        """The advantage of each rollout, (B,)."""
        total, among = scored.total, scored.scorable
        centred = total - scored.by_group.mean(total, among)
        if self.scale != "none":
            over = scored.by_group if self.scale == "group" else scored.by_batch
            centred = centred / (over.deviation(total, among, ddof=1) + EPSILON)
        return centred.masked_fill(~among, 0.0)


METHOD = SumThenNormalize
