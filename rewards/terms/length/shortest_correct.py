"""Charges correct rollouts by how much longer they are than the group's shortest correct one.

For a correct rollout of L tokens

    reward = - min(cap, |L - L*| / scale)

with L* the shortest correct length of its group; 0 for all others.

Source: ShorterBetter, Yi and Wang 2025, arXiv 2504.21370; naive.py of the reward manager of
JingyangYi/ShorterBetter at 6399366: 2 c - 0.001 |L - L*|, so correctness at weight 2 and this term
at weight 1 with ``gate: none`` and ``cap: .inf``. Without a cap a correct rollout 2,001 tokens
longer than L* scores below an incorrect one of that length; the cap prevents it. ``gate:
group_solved`` with ``scale: 2048`` and weight 0.5 is ASRR (arXiv 2505.15400, as ported in
pixas/DECS at 0d12e53), which charges only where all rollouts are correct.

Incorrect rollouts: nothing by default. As published (``gate: none``) they are charged by their
distance from L*, or from the mean length where nobody is correct, so a long wrong answer is paid
for becoming shorter.

Example:
    shortest_correct: {weight: 0.5, scale: 1000}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Gt, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.terms.population import GroupGate, let_through
from rewards.unread import refuse_unread
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ShortestCorrectParams(Settings):
    """Parameters of ``shortest_correct``.

    Attributes:
        gate: Who is charged. ``correct``: correct rollouts. ``group_solved``: correct rollouts of
            groups whose share of correct ones is at least `solved`. ``none``: incorrect rollouts
            too, as published (this pays incorrect answers for being short).
        solved: Share of correct rollouts, in (0, 1], at which ``group_solved`` opens.
        scale: Tokens of distance that are charged 1.
        cap: Greatest charge; ``.inf`` for no limit, as published.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'shortest_correct'"

    gate: GroupGate = "correct"
    solved: Annotated[float, Interval(gt=0, le=1)] = 1.0
    scale: Annotated[float, Interval(gt=0, lt=inf)] = 1000.0
    cap: Annotated[float, Gt(0)] = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gate != "group_solved":
            refuse_unread(self, f"gate: {self.gate}", "solved")


@dataclass(frozen=True)
class ShortestCorrect(Term[ShortestCorrectParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        groups, tokens = rollouts.groups, rollouts.tokens
        shortest = groups.least(tokens, rollouts.correct)
        nobody = groups.count(rollouts.correct) == 0
        target = shortest.where(~nobody, groups.mean(tokens, rollouts.all))
        charge = ((tokens - target).abs() / self.params.scale).clamp(max=self.params.cap)
        charged = let_through(rollouts, self.params.gate, self.params.solved)
        return (0.0 - charge).masked_fill(~charged, 0.0)


def bounds(params: ShortestCorrectParams) -> TermBounds:
    """Down to minus the cap for whoever is charged."""
    charged = (-params.cap, 0.0)
    return TermBounds(charged, charged if params.gate == "none" else (0.0, 0.0))


KIND = TermKind(
    ShortestCorrectParams,
    ShortestCorrect,
    bounds,
    source="Yi and Wang 2025 (ShorterBetter), arXiv 2504.21370",
    compares=always,
)
