"""Which columns of the facts a term reads, found out by watching it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.facts.columns import columns
from rewards.terms.base import RewardTerm, Rollouts, Term

if TYPE_CHECKING:
    import torch


class _Watched(Rollouts):
    """Rollouts that note which columns are asked for."""

    def __init__(self, facts: torch.Tensor, groups: torch.Tensor, names: tuple[str, ...]) -> None:
        super().__init__(facts, groups, names)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> torch.Tensor:
        self.read.add(name)
        return super().__getitem__(name)


def columns_read(
    term: RewardTerm, facts: torch.Tensor, groups: torch.Tensor
) -> tuple[str, ...] | None:
    """The columns that a term reads to compute its values for these rollouts.

    Args:
        term: The term.
        facts: Shape (B, C).
        groups: Shape (B,).

    Returns:
        Their names, in the order of the facts; None if the term is no `rewards.terms.base.Term`
        and cannot be watched.
    """
    if not isinstance(term, Term):
        return None
    names = columns(term.taxonomy)
    watched = _Watched(facts, groups, names)
    term.value(watched)
    return tuple(name for name in names if name in watched.read)
