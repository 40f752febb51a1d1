"""Charges correct rollouts for having more steps than the group's others, short steps most.

Steps are counted by length: below 16 tokens, from there to 32, 64, 128, 256, and longer. For a
correct rollout

    reward = - sum over lengths of  w * z
    z      = (n - mean) / (sd + 1e-6), cut to [- z_limit, z_limit]

with mean and sample deviation over the correct rollouts of its group, and weights w that sum to 1:
6/21, 5/21, … 1/21 from the shortest steps to the longest if ``descending``. 0 for all others, and
for a lone correct rollout.

Source: GRSP, arXiv 2510.09535, known from notes of others: no code is public, and neither are the
numbers of the weights and clusters. Public is that it adds, to the reward for a verified answer, a
penalty by the z-score of the number of segments, in clusters of segments by length, with weights
that descend with length; that ascending weights lost accuracy; that segments are cut at keywords
or where tokens are improbable. Here they are the tagger's steps, the clusters fixed, the weights
linear, z is cut, and incorrect rollouts are left out.

Incorrect rollouts: nothing.

Example:
    segment_count: {weight: 0.1}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Interval

from rewards.facts.published import STEP_EDGES
from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.terms.steps.shapes import EPSILON
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

_CLUSTERS = tuple(f"steps_from_{edge}" for edge in (0, *STEP_EDGES))


@dataclass(frozen=True)
class SegmentCountParams(Settings):
    """Parameters of ``segment_count``.

    Attributes:
        weights: Weights of the lengths, from the shortest steps to the longest: ``descending`` as
            published, ``equal``, or ``ascending``, which cost accuracy there.
        z_limit: Greatest z-score, either way, of each length.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'segment_count'"

    weights: Literal["descending", "equal", "ascending"] = "descending"
    z_limit: Annotated[float, Interval(gt=0, lt=inf)] = 3.0

    def of_lengths(self) -> tuple[float, ...]:
        """The weights, which sum to 1, from the shortest steps to the longest."""
        number = len(_CLUSTERS)
        if self.weights == "equal":
            return (1.0 / number,) * number
        falling = [2.0 * (number - i) / (number * (number + 1)) for i in range(number)]
        return tuple(falling if self.weights == "descending" else reversed(falling))


@dataclass(frozen=True)
class SegmentCount(Term[SegmentCountParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        limit, counted = self.params.z_limit, rollouts.correct
        charge = rollouts.tokens.new_zeros(len(rollouts))
        for column, weight in zip(_CLUSTERS, self.params.of_lengths(), strict=True):
            z = rollouts.groups.z_scores(rollouts[column], counted, 1, EPSILON)
            charge = charge + weight * z.clamp(-limit, limit)
        return (0.0 - charge).masked_fill(~counted, 0.0)


KIND = TermKind(
    SegmentCountParams,
    SegmentCount,
    lambda params: TermBounds(correct=(-params.z_limit, params.z_limit), incorrect=(0.0, 0.0)),
    source="GRSP 2025, arXiv 2510.09535",
    compares=always,
)
