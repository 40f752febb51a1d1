"""Pays a correct rollout less the longer it is, along half a cosine.

For a rollout of L tokens

    reward = long + (short - long) * (1 + cos(pi * min(L / limit, 1))) / 2

with its own values `short` (at no tokens) and `long` (at the limit and beyond) for correct and for
incorrect rollouts. With `beyond` a rollout of `limit` tokens or more gets that value instead.
The term contains what correctness pays: it stands in its place or next to it.

Source: Demystifying Long Chain-of-Thought Reasoning, arXiv 2502.03373, appendix C.1; TRL's
get_cosine_scaled_reward, whose values are the defaults, with `gate: none`. The paper has
correct_short 2, correct_long 1, incorrect_short -10, incorrect_long 0 and beyond -10, with
`gate: none`. It does not clamp L / limit, so that in code without `beyond` (open-r1's) a completion
of twice the limit earns as much as an empty one; open-r1 counts characters. TRL skips problems
whose reference cannot be read; here the answer checker decides.

Incorrect rollouts: nothing. With `gate: none`, as published, a longer one loses less, so that the
policy continues to explore: that pays incorrect rollouts for being long. Where `beyond` is less
than `incorrect_long`, one that stays under the limit is paid for being shorter than one that does
not.

Example:
    cosine: {weight: 1.0, limit: 4096}
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.population import Gate, let_through
from rewards.unread import refuse_unread
from rewards.weights import Finite
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class CosineParams(Settings):
    """Parameters of ``cosine``.

    Attributes:
        limit: Tokens of the completion at which the curve ends; usually
            ``grpo.max_completion_length``.
        correct_short: Value of a correct rollout without tokens.
        correct_long: Value of a correct rollout at the limit.
        incorrect_short: Value of an incorrect rollout without tokens, with ``gate: none``.
        incorrect_long: Value of an incorrect rollout at the limit, with ``gate: none``.
        beyond: Value of a rollout of `limit` tokens or more; that at the limit if left out.
        gate: Who gets a value: ``correct`` rollouts, or everybody (``none``).
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'cosine'"

    limit: Annotated[int, Ge(1)] = 4096
    correct_short: Finite = 1.0
    correct_long: Finite = 0.5
    incorrect_short: Finite = -1.0
    incorrect_long: Finite = -0.5
    beyond: Finite | None = None
    gate: Gate = "correct"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gate == "correct":
            refuse_unread(self, "gate: correct", "incorrect_short", "incorrect_long")


@dataclass(frozen=True)
class Cosine(Term[CosineParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        p = self.params
        height = (1.0 + ((rollouts.tokens / p.limit).clamp(max=1.0) * math.pi).cos()) / 2
        correct = p.correct_long + (p.correct_short - p.correct_long) * height
        incorrect = p.incorrect_long + (p.incorrect_short - p.incorrect_long) * height
        value = correct.where(rollouts.correct, incorrect)
        if p.beyond is not None:
            value = value.masked_fill(rollouts.tokens >= p.limit, p.beyond)
        return value.masked_fill(~let_through(rollouts, p.gate), 0.0)


def bounds(params: CosineParams) -> TermBounds:
    """Between the two ends of each curve, and the value beyond it."""
    beyond = () if params.beyond is None else (params.beyond,)
    correct = (params.correct_short, params.correct_long, *beyond)
    incorrect = (params.incorrect_short, params.incorrect_long, *beyond)
    if params.gate == "correct":
        incorrect = (0.0,)
    return TermBounds((min(correct), max(correct)), (min(incorrect), max(incorrect)))


KIND = TermKind(
    CosineParams,
    Cosine,
    bounds,
    source="Yeo et al. 2025, Demystifying Long Chain-of-Thought Reasoning, arXiv 2502.03373",
)
