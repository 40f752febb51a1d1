"""Scales a correct rollout's reward by how many deviations it is shorter than the correct ones.

For a correct rollout of L tokens

    reward = exp(-alpha * z) - 1,    z = (L - mean) / (sd + 1e-6)

with mean and sample deviation sd over the correct, finished rollouts of its group (z 0 where there
are fewer than two); 0 for all others, and for a whole group whose three shortest rollouts, correct
or not, have at most `threshold` tokens on average. With correctness at weight 1 and this term at
weight 1 a correct rollout earns exp(-alpha z), as in the paper. z is kept within 10, which no
rollout of a group of a hundred reaches, so that the term has bounds. A correct rollout that was cut
off by the length limit may lose by it, not gain.

Source: GRPO-LEAD, Zhang and Zuo 2025, arXiv 2504.09696; get_reweight_rewards in
verl/trainer/main_ppo.py of aeroplanepaper/GRPO-LEAD at 9344bef. Its scores of -1 for a wrong answer
and 0 for none are left to ``correctness`` and ``format``; its weight on the advantage by solve rate
is no reward. As there, groups of fewer than three are never left alone. Its threshold of 4,000 is
a literal made for long thinking: set it to what is short for your model; 0 never leaves alone.

Incorrect rollouts: nothing; their lengths count among the three shortest.

Example:
    length_exp: {weight: 1.0, alpha: 0.05, threshold: 4000}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.terms.population import unpaid_if_cut_off
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

_EPSILON = 1e-6
_GREATEST_Z = 10.0
_SHORTEST = 3


@dataclass(frozen=True)
class LengthExpParams(Settings):
    """Parameters of ``length_exp``.

    Attributes:
        alpha: How much a deviation counts.
        threshold: Mean tokens of the three shortest rollouts up to which a group is left alone.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'length_exp'"

    alpha: Annotated[float, Interval(gt=0, lt=inf)] = 0.05
    threshold: Annotated[float, Ge(0)] = 4000.0


@dataclass(frozen=True)
class LengthExp(Term[LengthExpParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        groups, tokens, counted = rollouts.groups, rollouts.tokens, rollouts.completed
        z = groups.z_scores(tokens, counted, 1, _EPSILON).clamp(-_GREATEST_Z, _GREATEST_Z)
        z = z.masked_fill(groups.count(counted) < 2, 0.0)  # one length has no spread to judge by
        value = unpaid_if_cut_off((-self.params.alpha * z).exp() - 1.0, rollouts)
        shortest = groups.rank(tokens, rollouts.all) < _SHORTEST
        short = groups.mean(tokens, shortest) <= self.params.threshold
        alone = short & (groups.count(rollouts.all) >= _SHORTEST)
        return value.masked_fill(alone | ~rollouts.correct, 0.0)


def bounds(params: LengthExpParams) -> TermBounds:
    """What the greatest z makes of a correct rollout's reward."""
    most = params.alpha * _GREATEST_Z
    return TermBounds((exp(-most) - 1.0, exp(most) - 1.0 if most < 700 else inf), (0.0, 0.0))


KIND = TermKind(
    LengthExpParams,
    LengthExp,
    bounds,
    source="Zhang and Zuo 2025 (GRPO-LEAD), arXiv 2504.09696",
    compares=always,
)
