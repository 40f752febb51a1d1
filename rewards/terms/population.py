"""Which rollouts a term rewards, and which it compares them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rewards.groups import Groups
from rewards.terms.base import Rollouts

if TYPE_CHECKING:
    import torch

Gate = Literal["correct", "none"]
"""``correct``: correct rollouts. ``none``: all, as some papers do; incorrect ones are then paid or
charged too."""
GroupGate = Literal["correct", "group_solved", "none"]
"""As `Gate`; ``group_solved``: correct rollouts of groups that have enough of them."""


def let_through(rollouts: Rollouts, gate: GroupGate, solved: float = 1.0) -> torch.Tensor:
    """The rollouts that a gate lets through, (B,) bool.

    Args:
        rollouts: All of them.
        gate: Of the term.
        solved: Share of correct rollouts at which ``group_solved`` opens.
    """
    if gate == "none":
        return rollouts.all
    if gate == "group_solved":
        share = rollouts.groups.share(rollouts.correct)
        return rollouts.correct & (share >= solved - 1e-9)
    return rollouts.correct


def compared(rollouts: Rollouts, scope: Literal["group", "batch"]) -> Groups:
    """The groups that statistics are taken over: the prompts', or the whole batch as one."""
    import torch

    if scope == "group":
        return rollouts.groups
    return Groups(torch.zeros_like(rollouts.correct, dtype=torch.long))


def unpaid_if_cut_off(values: torch.Tensor, rollouts: Rollouts) -> torch.Tensor:
    """Values of which rollouts that the length limit cut off keep the charges only."""
    return values.where(rollouts["ended"] > 0, values.clamp(max=0.0))
