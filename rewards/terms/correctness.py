"""Pays for the correct final answer.

    reward = 1 for a correct answer behind finished thinking, else 0

Which answers are correct, the checker of the problems says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class CorrectnessParams(Settings):
    """Correctness takes no parameters: 1 for a correct answer, 0 for an incorrect one."""

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'correctness'"


@dataclass(frozen=True)
class Correctness(Term[CorrectnessParams]):
    """See `CorrectnessParams`."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """1 for a correct rollout, else 0; (B,)."""
        return rollouts["correct"]


def bounds(params: CorrectnessParams) -> TermBounds:
    """Correctness alone tells the two apart."""
    return TermBounds(correct=(1.0, 1.0), incorrect=(0.0, 0.0))


KIND = TermKind(CorrectnessParams, Correctness, bounds)
