"""Charges correct rollouts for the share of their thinking that follows the first correct answer.

For a correct rollout

    reward = - max(0, share - allowance)
    share  = tokens after the answer step / tokens of the thinking

where the answer step is the first that states the reference, itself not counted; 0 if none does,
and 0 for all others. It needs the reference and the cutting into steps, but no types: the control
that says what the tagger adds.

Source: Correct, Concise and Complete, arXiv 2601.02972, from its abstract: a penalty on the tokens
after the first correct answer in correct rollouts. Its exact formula was not readable; share,
allowance and the reading by steps are ours. `redundancy_share` is a relative with public code.

Incorrect rollouts: nothing.

Example:
    after_answer_share: {weight: 0.3}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class AfterAnswerShareParams(Settings):
    """Parameters of ``after_answer_share``.

    Attributes:
        allowance: Share that is free.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'after_answer_share'"

    allowance: Annotated[float, Interval(ge=0, lt=1)] = 0.0


def share_after_answer(rollouts: Rollouts) -> torch.Tensor:
    """Share of the thinking's tokens behind the step that states the reference, (B,), in [0, 1]."""
    share = rollouts.tagged("tokens_after") / rollouts["thinking_tokens"].clamp(min=1.0)
    return share.clamp(max=1.0)


@dataclass(frozen=True)
class AfterAnswerShare(Term[AfterAnswerShareParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        over = (share_after_answer(rollouts) - self.params.allowance).clamp(min=0.0)
        return (0.0 - over).masked_fill(~rollouts.correct, 0.0)


KIND = TermKind(
    AfterAnswerShareParams,
    AfterAnswerShare,
    lambda params: TermBounds(correct=(params.allowance - 1.0, 0.0), incorrect=(0.0, 0.0)),
    source="Correct, Concise and Complete 2026, arXiv 2601.02972",
)
