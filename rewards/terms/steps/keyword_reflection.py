"""Charges correct rollouts for reflection keywords and for length, among the group's correct ones.

For a correct rollout with n keywords and L tokens in the whole completion

    reward = - w1 * sigmoid(z of n) - w2 * sigmoid(z of L)
    w1     = 0.05 up to `few` keywords, 0.10 up to `many`, 0.15 beyond;  w2 = 0.2 - w1
    z of x = (x - mean) / (sd + 1e-6)

with mean and sample deviation over the correct rollouts of its group, so that a lone one pays 0.1;
0 for all others. With correctness and this term at weight 1 it is the reward of the paper.

Source: ARLCP, arXiv 2602.12113; src/rm.py and verl/workers/reward_manager/naive.py at d2c0a53. The
paper speaks of the estimated complexity of the problem; the code, like this term, looks at the
rollout's own count. It is not monotone: where w1 changes, weight moves from length to keywords. The
code takes mean and deviation over rollouts with the correct box, finished or not, and pays 0 for
one whose thinking is not closed exactly once; here only rollouts that count as correct are in them,
and each keeps what correctness pays.

Incorrect rollouts: nothing.

Example:
    keyword_reflection: {weight: 1.0}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.terms.steps.shapes import EPSILON
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch

_WEIGHTS = (0.05, 0.10, 0.15)
_BOTH = 0.2
"""Sum of both weights."""


@dataclass(frozen=True)
class KeywordReflectionParams(Settings):
    """Parameters of ``keyword_reflection``.

    Attributes:
        few: Most keywords at which they weigh 0.05.
        many: Most keywords at which they weigh 0.10; at least `few`.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'keyword_reflection'"

    few: Annotated[float, Interval(ge=0, lt=inf)] = 40.0
    many: Annotated[float, Interval(ge=0, lt=inf)] = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.few > self.many:
            raise UserError(
                f"few {self.few:g} of {self.OWNER} is more than many {self.many:g}; it must be at "
                "most that."
            )


@dataclass(frozen=True)
class KeywordReflection(Term[KeywordReflectionParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        keywords, counted = rollouts["keywords_completion"], rollouts.correct
        low, middle, high = _WEIGHTS
        weight = keywords.new_full((len(rollouts),), high)
        weight = weight.masked_fill(keywords <= self.params.many, middle)
        weight = weight.masked_fill(keywords <= self.params.few, low)
        by_keywords = rollouts.groups.z_scores(keywords, counted, 1, EPSILON).sigmoid()
        by_length = rollouts.groups.z_scores(rollouts.tokens, counted, 1, EPSILON).sigmoid()
        charge = weight * by_keywords + (_BOTH - weight) * by_length
        return (-charge).masked_fill(~counted, 0.0)


KIND = TermKind(
    KeywordReflectionParams,
    KeywordReflection,
    lambda params: TermBounds(correct=(-_BOTH, 0.0), incorrect=(0.0, 0.0)),
    source="ARLCP 2026, arXiv 2602.12113",
    compares=always,
)
