"""Correct rollouts share one positive weight among themselves, incorrect ones a negative: DRPO.

In a group with both kinds, w the weight of correctness:

    correct:    A =  w * softmax over the correct ones of u / temperature
    incorrect:  A = -w / number of incorrect ones

u is the weighted sum of all terms but correctness. Groups that are all correct or all incorrect
get 0. With ``temperature: 0.1`` and a term 1 - L / L_max at weight 1 the weights of correct
rollouts are those of the paper.

It differs from the paper's objective, which is no policy gradient over advantages:
  - there incorrect rollouts are weighed by softmax of their mean log-probability / tau under the
    policy of the moment; tau is 10, which is nearly uniform, and advantages are fixed when the
    rollouts are drawn, so here it is uniform;
  - there the weights multiply mean log-probabilities a rollout, so ``grpo.loss_type: grpo`` is
    the nearest; the loss is then 1/G of theirs. Other types weigh long rollouts more;
  - there a hinge on the KL divergence holds the policy; here it is ``grpo.beta``, if at all.

Source: DRPO, arXiv 2510.04474; Optimization-AI/DRPO verl/trainer/ppo/core_algos.py at 405f702.

Right for: strong length terms, which under a group mean would push long correct rollouts below 0.

Property, the sign law: no correct rollout ever gets a negative advantage, no incorrect one a
positive; among the correct a lower u never gets more. Each group sums to 0. Price: an all-correct
group teaches nothing, so length is only learned where some rollouts fail.

Incorrect rollouts: shaped terms do not act on them.

Example:
    aggregation: {kind: drpo, temperature: 0.1}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Interval

from rewards.aggregation.base import Aggregation, ScoredRollouts
from rewards.terms.base import TermBounds
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class DrpoParams(Settings):
    """Parameters of ``drpo``.

    Attributes:
        temperature: By what shaped terms are divided: the smaller, the more the best of the
            correct rollouts take of the positive weight.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "aggregation 'drpo'"

    temperature: Annotated[float, Interval(gt=0, lt=inf)] = 0.1


@dataclass(frozen=True)
class Drpo(Aggregation[DrpoParams]):
    """See the module."""

    PARAMS: ClassVar[type[Settings]] = DrpoParams
    RANKS_BY_REWARD: ClassVar[bool] = False
    OF_CORRECTNESS: ClassVar[bool] = True

    def check(self, names: Sequence[str], correctness: Sequence[bool], size: int) -> None:
        """As the base: there is correctness to divide by."""
        if not any(correctness):
            raise UserError(
                "reward.aggregation 'drpo' needs the term correctness; add it to reward.terms."
            )

    def advantages(self, scored: ScoredRollouts) -> torch.Tensor:
        """The advantage of each rollout, (B,)."""
        import torch

        of_correctness = torch.tensor(scored.correctness, device=scored.weights.device)
        weight = scored.weights[of_correctness].sum()
        shaped = scored.weighted[:, ~of_correctness].sum(dim=1) / self.params.temperature
        groups, right = scored.by_group, scored.correct & scored.scorable
        wrong = ~scored.correct & scored.scorable
        share = (shaped - groups.greatest(shaped, right)).clamp(max=0.0).exp()
        share = share / groups.sum(share, right).clamp(min=1.0)  # the greatest is exp(0)
        found = share.masked_fill(~right, 0.0)
        found = found - (wrong / groups.count(wrong).clamp(min=1.0))
        mixed = (groups.count(right) > 0) & (groups.count(wrong) > 0)
        return (weight * found).masked_fill(~mixed, 0.0)

    def margin(
        self, name: str, weight: float, bounds: TermBounds, correctness: bool, size: int
    ) -> float:
        """As the base; shaped terms never set a correct rollout below an incorrect one."""
        return weight / size if correctness else 0.0


METHOD = Drpo
