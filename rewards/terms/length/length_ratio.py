"""Divides a correct rollout's reward by how long it is next to its group.

For a correct rollout of L tokens

    reward = 1 / (1 + alpha * L / mean) - 1

with mean over all rollouts of its group, correct or not; 0 for all others. With correctness at
weight 1 and this term at weight 1 a correct rollout earns 1 / (1 + alpha L / mean), the product of
the paper: always more than an incorrect one, whatever its length.

Source: GR3, arXiv 2603.10535, alpha 0.33; the formula as recovered in
PrimeIntellect-ai/prime-rl#2040, whose four advantages it reproduces. L / mean is kept within 256,
the size of a group that one rollout would have to dwarf, so that the term has bounds.

Incorrect rollouts: nothing; their lengths count in the mean.

Example:
    length_ratio: {weight: 1.0, alpha: 0.33}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

_GREATEST_RATIO = 256.0


@dataclass(frozen=True)
class LengthRatioParams(Settings):
    """Parameters of ``length_ratio``.

    Attributes:
        alpha: How much length counts: a correct rollout of mean length earns 1 / (1 + alpha).
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'length_ratio'"

    alpha: Annotated[float, Interval(gt=0, lt=inf)] = 0.33


@dataclass(frozen=True)
class LengthRatio(Term[LengthRatioParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        mean = rollouts.groups.mean(rollouts.tokens, rollouts.all)
        ratio = (rollouts.tokens / mean.clamp(min=1.0)).clamp(max=_GREATEST_RATIO)
        value = 1.0 / (1.0 + self.params.alpha * ratio) - 1.0
        return value.masked_fill(~rollouts.correct, 0.0)


def bounds(params: LengthRatioParams) -> TermBounds:
    """Down to what the greatest ratio takes from a correct rollout."""
    return TermBounds((1.0 / (1.0 + params.alpha * _GREATEST_RATIO) - 1.0, 0.0), (0.0, 0.0))


KIND = TermKind(
    LengthRatioParams,
    LengthRatio,
    bounds,
    source="GR3 2026, arXiv 2603.10535",
    compares=always,
)
