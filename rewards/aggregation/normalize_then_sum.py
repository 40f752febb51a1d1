"""Each term normalised within its group, then summed by weight, then over the batch: GDPO.

    z = (term - mean of the group) / (sd of the group + 1e-4)      of each term
    s = sum of weight * z                A = (s - mean of the batch) / (sd of the batch + 1e-4)

with sample deviations; a rollout to which a term does not apply is left out of its mean and
deviation. TRL computes it.

Source: GDPO, arXiv 2601.05242; NVlabs/GDPO at b080e63; TRL 1.16 (``multi_objective_aggregation``).
GDPO's code sets NaN to 0 before it normalises, TRL leaves it out.

Right for: several rewards whose sums would coincide (2 + 0 and 1 + 1), each with a spread in most
groups. Wrong for counts that are rare: the one rollout with a verification step gets a z of 1.75
or 2.47 in groups of 4 or 8, whatever the term's weight is next to correctness.

Property: a term's part does not depend on the unit it is measured in; and, shown as its flaw, a
rare count gets the full weight, and in an all-correct group the weight of the only shaped term
cancels.

Example:
    aggregation: normalize_then_sum
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rewards.aggregation.base import Aggregation, ScoredRollouts
from rewards.aggregation.standardize import least_gap, z_scores
from rewards.terms.base import TermBounds
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NormalizeThenSumParams(Settings):
    """It has no parameters."""

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "aggregation 'normalize_then_sum'"


@dataclass(frozen=True)
class NormalizeThenSum(Aggregation[NormalizeThenSumParams]):
    """See the module."""

    PARAMS: ClassVar[type[Settings]] = NormalizeThenSumParams
    OF_TRL: ClassVar[bool] = True
    RANKS_BY_REWARD: ClassVar[bool] = False

    def advantages(self, scored: ScoredRollouts) -> torch.Tensor:
        """The advantage of each rollout, (B,)."""
        import torch

        parts = [
            weight * z_scores(scored.by_group, scored.terms[:, k], scored.applies(k))
            for k, weight in enumerate(scored.weights)
        ]
        return z_scores(scored.by_batch, torch.stack(parts).sum(dim=0), scored.scorable)

    def margin(
        self, name: str, weight: float, bounds: TermBounds, correctness: bool, size: int
    ) -> float:
        """As the base; of z-scores, before the batch's normalisation."""
        return least_gap(weight, bounds, size)


METHOD = NormalizeThenSum
