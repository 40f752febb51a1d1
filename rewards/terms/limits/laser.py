"""Pays a correct rollout that stays within a target length, all of it or nothing.

For a correct rollout of L tokens that ended itself

    reward = [L <= target]                     form: reward, the default
    reward = - [L > target]                    form: penalty
    reward = [L <= target] - [L > target]      form: hybrid

and 0 for all others.

Source: Liu et al., Learn to Reason Efficiently with Adaptive Length-based Reward Shaping (LASER),
arXiv 2505.15612; hkust-nlp/Laser, verl/utils/reward_score/length_penalty.py at c9e7c4e,
compute_length_reward_larse. The bonus is 0.5 there, here the weight, next to 1 for a correct, -0.5
for an incorrect rollout and -1 for one without an answer; correctness at weight 1.5 has the first
two. Released targets: 2048, 4096, 8192. A completion that was cut off counts as one without an
answer there; here it gets no bonus and keeps what correctness pays.

Incorrect rollouts: nothing.

Example:
    laser: {weight: 0.5, target: 2048}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.limits.target_lengths import FORM_BOUNDS, Form, within
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LaserParams(Settings):
    """Parameters of ``laser``.

    Attributes:
        target: Tokens of the completion that are within the target, this number included.
        form: ``reward`` pays within the target, ``penalty`` charges beyond it, ``hybrid`` does
            both.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'laser'"

    target: Annotated[int, Ge(1)] = 4096
    form: Form = "reward"


@dataclass(frozen=True)
class Laser(Term[LaserParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        counted = rollouts.completed
        value = within(rollouts.tokens <= self.params.target, self.params.form)
        return value.masked_fill(~counted, 0.0)


KIND = TermKind(
    LaserParams,
    Laser,
    lambda params: TermBounds(FORM_BOUNDS[params.form], (0.0, 0.0)),
    source="LASER, Liu et al. 2025, arXiv 2505.15612",
)
