"""As `laser_d`, and pays incorrect rollouts for thinking beyond the target, unless they loop.

Targets as in `laser_d`. For a rollout of L tokens that ended itself, of a group of band b,

    reward = [L <= target_b]                         if it is correct
    reward = [L > target_b] * [it does not loop]     if it has an answer, an incorrect one

and 0 for all others. A rollout loops if the share of its n-grams (n = `ngram`) that have occurred
before is above `repeated`.

Source: LASER-DE, Liu et al., arXiv 2505.15612; hkust-nlp/Laser,
verl/utils/reward_score/length_penalty.py at c9e7c4e, compute_length_reward_larse_de. Its bonus of
0.5, here the weight, lifts an incorrect rollout from -0.5 to 0. Its test for loops never fires, for
it is handed a tensor whose elements never equal each other, so that looping rollouts are paid; on a
list it takes three of the same 4-grams near each other for a loop, which nearly every long trace
has. Here it is a share: 0.6 of the 4-grams of words is more than 99 in 100 finished traces of
reasoning models have. What else differs is said in `laser_d`.

Incorrect rollouts: up to 1 for being longer than the target, on purpose; never for being short.

Example:
    laser_de: {weight: 0.5, target: 4096, lowest: 1024, highest: 8192, step: 1024}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Interval

from rewards.terms.base import Rollouts, TermBounds, TermKind, always
from rewards.terms.limits.target_lengths import TargetSettings, TargetTerm

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LaserDeParams(TargetSettings):
    """Parameters of ``laser_de``.

    Attributes:
        ngram: Tokens of an n-gram whose repetition makes a loop.
        repeated: Share of n-grams that have occurred before, above which an incorrect rollout
            loops and is not paid.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'laser_de'"

    ngram: Literal[2, 3, 4, 6] = 4
    repeated: Annotated[float, Interval(ge=0, le=1)] = 0.6


@dataclass(frozen=True)
class LaserDe(TargetTerm[LaserDeParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        inside = rollouts.tokens <= self.history.of(rollouts, self.params)
        loops = rollouts[f"repeated_{self.params.ngram}grams"] > self.params.repeated
        answered = (rollouts["answered"] > 0) & (rollouts["ended"] > 0)
        explores = ~rollouts.correct & answered & ~inside & ~loops
        return (explores | (rollouts.completed & inside)).double()


KIND = TermKind(
    LaserDeParams,
    LaserDe,
    lambda params: TermBounds((0.0, 1.0), (0.0, 1.0)),
    source="LASER-DE, Liu et al. 2025, arXiv 2505.15612",
    compares=always,
)
