"""Pays the shorter half of a group's range of lengths and charges the longer one.

For a rollout of L tokens, where min and max are over all rollouts of its group,

    lambda = 0.5 - (L - min) / (max - min)        0 if all are equally long
    reward = lambda                               correct, and ended
             min(0, lambda)                       correct, but cut off by the length limit
             0                                    incorrect

Source: Kimi k1.5, arXiv 2501.12599, section "Length penalty" (no weight given; off at first, then
constant); compute_kimi_penalty of hkust-nlp/Laser at c9e7c4e, weight 0.4. ``gate: none`` is that
code: it leaves rollouts alone that were cut off. There a lone rollout gets 0.5 - L, here 0.
len_reward of open-r1 takes min and max over the whole batch (``scope: batch``), in characters where
this counts tokens. ``among: correct`` is REA-RL's (refine_len_reward at 50d4c5c), ``gate:
group_solved`` the idea of GRPO-lambda (arXiv 2505.18086): only where enough of a group is correct.

Incorrect rollouts: nothing by default, but their lengths count in the range, so that a short one
lowers what correct ones get; ``among: correct`` leaves them out. As published (``gate: none``) they
get min(0, lambda), so a short one is charged less than a long one.

Example:
    length_minmax: {weight: 0.4}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.terms.population import (
    GroupGate,
    compared,
    let_through,
    unpaid_if_cut_off,
)
from rewards.unread import refuse_unread
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LengthMinmaxParams(Settings):
    """Parameters of ``length_minmax``.

    Attributes:
        gate: Who is paid and charged. ``correct``: correct rollouts. ``group_solved``: correct
            rollouts of groups whose share of correct ones is at least `solved`. ``none``: incorrect
            rollouts are charged too, as published.
        solved: Share of correct rollouts, in (0, 1], at which ``group_solved`` opens.
        among: Whose lengths the range spans: ``all`` rollouts, or the ``correct`` ones that ended.
        scope: ``group`` compares the rollouts of a prompt, ``batch`` all of the batch, prompts
            mixed.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'length_minmax'"

    gate: GroupGate = "correct"
    solved: Annotated[float, Interval(gt=0, le=1)] = 1.0
    among: Literal["all", "correct"] = "all"
    scope: Literal["group", "batch"] = "group"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gate != "group_solved":
            refuse_unread(self, f"gate: {self.gate}", "solved")


@dataclass(frozen=True)
class LengthMinmax(Term[LengthMinmaxParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        groups = compared(rollouts, self.params.scope)
        among = rollouts.all if self.params.among == "all" else rollouts.completed
        least = groups.least(rollouts.tokens, among)
        span = groups.greatest(rollouts.tokens, among) - least
        value = (0.5 - (rollouts.tokens - least) / span.where(span > 0, 1.0)).clamp(-0.5, 0.5)
        value = value.masked_fill(span <= 0, 0.0)
        if self.params.gate == "none":
            value = value.where(rollouts.correct, value.clamp(max=0.0))
            return value.masked_fill(rollouts["ended"] <= 0, 0.0)
        paid = let_through(rollouts, self.params.gate, self.params.solved)
        return unpaid_if_cut_off(value, rollouts).masked_fill(~paid, 0.0)


def bounds(params: LengthMinmaxParams) -> TermBounds:
    """Half of the range up and down; incorrect rollouts down only, and only without a gate."""
    return TermBounds((-0.5, 0.5), (-0.5, 0.0) if params.gate == "none" else (0.0, 0.0))


KIND = TermKind(
    LengthMinmaxParams,
    LengthMinmax,
    bounds,
    source="Kimi Team 2025, arXiv 2501.12599",
    compares=always,
)
