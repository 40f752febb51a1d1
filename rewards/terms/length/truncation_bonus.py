"""Pays correct rollouts by where their length lies in the range of the correct ones.

For a correct, finished rollout of L tokens, min and max being over such rollouts of its group,

    jet     reward = (1 - delta) * alpha * (max - L) / (max - min) + delta
    linear  reward = (max - L) / (max - min)

and 0 for all others. Where all are equally long, a lone one included, the jet form pays delta and
the linear one 1, opposite conventions that are the code's own.

Source: JET, Han et al. 2025, arXiv 2509.23392; EasyR1/examples/reward_function/math.py of
JinyiHan99/Just-Enough-Think at 89cf33e, on a base of 0.9 for a correct answer and 0.1 for a box;
alpha 1.2, delta 0.05. The paper compares the rollouts of a prompt (``scope: group``); the code the
whole batch (``scope: batch``), where easy prompts set the minimum for hard ones. The linear form is
shipped next to it. JET also cuts rollouts short and trains on the rest: no part of the reward, and
not done here. A correct rollout that was cut off by the length limit gets nothing.

Incorrect rollouts: nothing.

Example:
    truncation_bonus: {weight: 1.0, shape: jet, alpha: 1.2, delta: 0.05}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.terms.population import compared
from rewards.unread import refuse_unread
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class TruncationBonusParams(Settings):
    """Parameters of ``truncation_bonus``.

    Attributes:
        shape: ``jet``, as trained with, or ``linear``.
        alpha: Scale of the jet form.
        delta: What the jet form pays the longest correct rollout.
        scope: ``group`` compares the rollouts of a prompt, ``batch`` all of the batch, prompts
            mixed.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'truncation_bonus'"

    shape: Literal["jet", "linear"] = "jet"
    alpha: Annotated[float, Interval(gt=0, lt=inf)] = 1.2
    delta: Annotated[float, Interval(ge=0, le=1)] = 0.05
    scope: Literal["group", "batch"] = "group"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shape == "linear":
            refuse_unread(self, "shape: linear", "alpha", "delta")

    @property
    def scale(self) -> float:
        """What the shortest correct rollout is paid beyond the longest."""
        return (1.0 - self.delta) * self.alpha


@dataclass(frozen=True)
class TruncationBonus(Term[TruncationBonusParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        groups, counted = compared(rollouts, self.params.scope), rollouts.completed
        most = groups.greatest(rollouts.tokens, counted)
        span = most - groups.least(rollouts.tokens, counted)
        share = (most - rollouts.tokens) / span.where(span > 0, 1.0)
        if self.params.shape == "linear":
            value = share.masked_fill(span <= 0, 1.0)
        else:
            value = self.params.scale * share.masked_fill(span <= 0, 0.0) + self.params.delta
        return value.masked_fill(~counted, 0.0)


def bounds(params: TruncationBonusParams) -> TermBounds:
    """Up to what the shortest is paid; a correct rollout that was cut off gets 0."""
    most = 1.0 if params.shape == "linear" else params.scale + params.delta
    return TermBounds((0.0, most), (0.0, 0.0))


KIND = TermKind(
    TruncationBonusParams,
    TruncationBonus,
    bounds,
    source="Han et al. 2025 (JET), arXiv 2509.23392",
    compares=always,
)
