"""Charges correct rollouts for external redundancy: the share of thinking after the first answer.

For a correct rollout

    reward = - share
    share  = tokens after the answer step / tokens of the thinking, rounded to 2 digits

where the answer step is the first that states the reference, itself not counted; 0 for all others.
With correctness and this term at weight 1 it is the external part of the published reward.

Source: Reconsidering Overthinking, arXiv 2508.02178; cal_erd_penalty in
rllm/rewards/compress_reward.py at 1f61c69. There the first answer is the first whole-word hit of
the reference's characters, so that a reference of 2 is found in any early "2"; here the first step
that states its value, and the rest of that step is no redundancy. A rollout whose thinking lacks
the answer, or ends with it, counts as incorrect there; here it pays nothing, or with
``unstated: charged`` all of the term if no step states the reference. The internal part, by text
embeddings, is not here.

Incorrect rollouts: nothing.

Example:
    redundancy_share: {weight: 0.5, rounded: true}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.steps.after_answer_share import share_after_answer
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class RedundancyShareParams(Settings):
    """Parameters of ``redundancy_share``.

    Attributes:
        rounded: Round the share to 2 digits as the authors' code does.
        unstated: What a correct rollout pays if no step states the reference: ``free`` for
            nothing, ``charged`` for 1.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'redundancy_share'"

    rounded: bool = True
    unstated: Literal["free", "charged"] = "free"


@dataclass(frozen=True)
class RedundancyShare(Term[RedundancyShareParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        share = share_after_answer(rollouts)
        if self.params.rounded:
            share = share.round(decimals=2)
        if self.params.unstated == "charged":
            share = share.masked_fill(rollouts["answer_step"] < 0, 1.0)
        return (0.0 - share).masked_fill(~rollouts.correct, 0.0)


KIND = TermKind(
    RedundancyShareParams,
    RedundancyShare,
    lambda params: TermBounds(correct=(-1.0, 0.0), incorrect=(0.0, 0.0)),
    source="Reconsidering Overthinking 2025, arXiv 2508.02178",
)
