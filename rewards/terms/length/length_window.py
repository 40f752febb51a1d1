"""Pays correct rollouts inside the window of lengths that solve the problem, or at its middle.

Stage 1, for a correct rollout of L tokens:

    reward = max(0, 1 - d / width)

where d is its distance from the range between the quantiles `low` and `high` of the lengths of the
group's correct, finished rollouts (0 inside); 0 for the whole group if the two quantiles are equal,
as for a lone correct one. Stage 2, with n tokens announced:

    reward = exp(-(L - n)^2 / (2 * width^2))

n is `budget` of the problem's metadata; where it has none, or `unknown` (the paper's 4,096), the
median of those lengths. 0 for all others, and for what was cut off by the length limit.

Source: LAPO, Wu et al. 2025, arXiv 2507.15758; examples/scripts/reward_func_stage1.py of
ZJU-REAL/LAPO at bd59dfd. Stage 1 is correctness and this at weight 0.7, width 100; stage 2 weight
0.8, width 120. The released stage 1 appends each reward twice, once without this term; here it
counts once. A rollout shorter than the window earns less, as there.

Incorrect rollouts: nothing.

Example:
    length_window: {weight: 0.7, stage: 1}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.unread import refuse_unread
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch

_WIDTHS = {1: 100.0, 2: 120.0}

Share = Annotated[float, Interval(ge=0, le=1)]


@dataclass(frozen=True)
class LengthWindowParams(Settings):
    """Parameters of ``length_window``.

    Attributes:
        stage: 1 pays the window, 2 the announced length.
        width: Tokens outside the window at which nothing is paid (stage 1; 100 if left out), or
            the deviation around the announced length (stage 2; 120 if left out).
        low: Quantile at which the window begins; read in stage 1.
        high: Quantile at which it ends; read in stage 1.
        unknown: An announced length that means that none is known; read in stage 2.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'length_window'"

    stage: Literal[1, 2] = 1
    width: Annotated[float, Interval(gt=0, lt=inf)] | None = None
    low: Share = 0.3
    high: Share = 0.7
    unknown: Annotated[float, Ge(0)] = 4096.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise UserError(
                f"low of {self.OWNER} is {self.low:g}, above high, {self.high:g}; give a window."
            )
        unread = ("unknown",) if self.stage == 1 else ("low", "high")
        refuse_unread(self, f"stage: {self.stage}", *unread)


@dataclass(frozen=True)
class LengthWindow(Term[LengthWindowParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        groups, tokens, counted = rollouts.groups, rollouts.tokens, rollouts.completed
        given = self.params.width
        width = _WIDTHS[self.params.stage] if given is None else given
        if self.params.stage == 1:
            low = groups.quantile(tokens, counted, self.params.low)
            high = groups.quantile(tokens, counted, self.params.high)
            distance = (low - tokens).clamp(min=0.0) + (tokens - high).clamp(min=0.0)
            value = (1.0 - distance / width).clamp(min=0.0)
            return value.masked_fill(~counted | (low == high), 0.0)
        announced = rollouts["budget"]
        known = (announced > 0) & (announced != self.params.unknown)
        target = announced.where(known, groups.quantile(tokens, counted, 0.5))
        value = (-((tokens - target) ** 2) / (2.0 * width**2)).exp()
        return value.masked_fill(~counted, 0.0)


KIND = TermKind(
    LengthWindowParams,
    LengthWindow,
    lambda params: TermBounds(correct=(0.0, 1.0), incorrect=(0.0, 0.0)),
    source="Wu et al. 2025 (LAPO), arXiv 2507.15758",
    compares=always,
    reads={"budget": "with stage: 2"},
)
