"""Only the k shortest, or most token-efficient, rollouts of each group are trained on: GFPO.

    kept:  A = (r - mean of the kept) / (sample sd of the kept + 1e-4)
    others: A = 0, and masked out of the loss

``metric: length`` keeps those with the fewest tokens, ``efficiency`` those with the most reward a
token. Of equal ones the shorter, then the better paid, then the one drawn first is kept.

Masked out means what TRL's ``mask_truncated_completions`` does: their completion mask is 0. They
do not count in divisors that are tokens (``loss_type`` dapo, cispo and vespo over the batch, bnpo)
nor in KL and entropy. Divisors that are rollouts (grpo, sapo, luspo) or rollouts times the length
limit (dr_grpo) still count all that were drawn, so there the loss is k/G of the mean over the kept;
Adam's step does not depend on that factor, but ``max_grad_norm`` and an entropy bonus weigh more.

Source: GFPO, arXiv 2508.09726; TRL's former experimental GFPOTrainer at 0a0b612, which drops the
others from the batch.

Right for: cutting length without any length term, where many rollouts a prompt are cheap.

Property: a rollout that is not kept moves nothing: neither its reward nor its advantage counts.
Flaw of ``length``, shown by a test: short incorrect rollouts displace the correct ones.
``efficiency`` keeps correct ones first, unless rewards are negative, of which the longest is the
most efficient.

Example:
    aggregation: {kind: gfpo, keep: 4, metric: efficiency}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge

from rewards.aggregation.base import Aggregation, ScoredRollouts
from rewards.aggregation.standardize import z_scores
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class GfpoParams(Settings):
    """Parameters of ``gfpo``.

    Attributes:
        keep: Rollouts of a group that are kept; fewer than ``grpo.num_generations``.
        metric: ``length``: the fewest tokens; ``efficiency``: the most reward a token.
        scale: ``deviation`` divides by that of the kept, as published; ``none`` does not, so
            that weights keep their size.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "aggregation 'gfpo'"

    keep: Annotated[int, Ge(2)] = 4
    metric: Literal["length", "efficiency"] = "length"
    scale: Literal["deviation", "none"] = "deviation"


@dataclass(frozen=True)
class Gfpo(Aggregation[GfpoParams]):
    """See the module."""

    PARAMS: ClassVar[type[Settings]] = GfpoParams

    def check(self, names: Sequence[str], correctness: Sequence[bool], size: int) -> None:
        """As the base: something is filtered out."""
        if self.params.keep >= size:
            raise UserError(
                f"reward.aggregation 'gfpo' keeps {self.params.keep} rollouts of each group, and "
                f"grpo.num_generations is {size}; lower keep, or raise grpo.num_generations."
            )

    def kept(self, scored: ScoredRollouts) -> torch.Tensor:
        """The best of each group by the metric, (B,) bool."""
        import torch

        tokens, total = scored.tokens.tolist(), scored.total.tolist()
        if self.params.metric == "length":
            worth = [-count for count in tokens]
        else:
            worth = [reward / max(count, 1.0) for reward, count in zip(total, tokens, strict=True)]
        rows = [i for i, usable in enumerate(scored.scorable.tolist()) if usable]
        rows.sort(key=lambda i: (-worth[i], tokens[i], -total[i], i))
        kept = torch.zeros_like(scored.scorable)
        taken: dict[int, int] = {}
        numbers = scored.groups.tolist()
        for row in rows:
            taken[numbers[row]] = taken.get(numbers[row], 0) + 1
            kept[row] = taken[numbers[row]] <= self.params.keep
        return kept

    def advantages(self, scored: ScoredRollouts) -> torch.Tensor:
        """The advantage of each rollout, (B,); 0 where it is not kept."""
        kept = self.kept(scored)
        if self.params.scale == "deviation":
            return z_scores(scored.by_group, scored.total, kept)
        centred = scored.total - scored.by_group.mean(scored.total, kept)
        return centred.masked_fill(~kept, 0.0)


METHOD = Gfpo
