"""Pays for answering without thinking.

For a rollout that the gate lets through

    reward = delta * [it has no thinking]

0 for all others; with `subtract_reference` everybody gets less by the problem's accuracy before
training, `reference_accuracy` in its metadata, where it has one. A rollout has no thinking if there
is no step between the delimiters.

Source: AdaptThink, arXiv 2505.13417; THU-KEG/AdaptThink, src/adapt_think_reward_manager.py at
84cf948. Its reward, and with the naive estimator its advantage, is c - reference accuracy + delta *
[no thinking] with delta 0.05, for everybody (`gate: none`). What it calls no thinking is a mode:
half of the rollouts are begun with the closing delimiter. A term cannot do that, the sampler can:
this term pays what the policy chooses, so a policy that never skips its thinking never learns it
from the term. The reference accuracy is the same for a whole group; the mean of the group that GRPO
subtracts takes it out again. As it differs between problems, it needs
reward.allow_charge_above_correctness.

Incorrect rollouts: nothing for skipping their thinking. With `gate: none`, as published, they get
delta, which pays them for being short. `subtract_reference` takes the same from all of a group.

Example:
    no_thinking_bonus: {weight: 1.0, delta: 0.05}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.population import Gate
from rewards.weights import Finite
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NoThinkingBonusParams(Settings):
    """Parameters of ``no_thinking_bonus``.

    Attributes:
        delta: What answering without thinking pays; the paper has 0 to 0.1.
        subtract_reference: Subtract the problem's accuracy before training from everybody.
        gate: Who is paid: ``correct`` rollouts, or everybody (``none``).
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'no_thinking_bonus'"

    delta: Annotated[Finite, Ge(0)] = 0.05
    subtract_reference: bool = False
    gate: Gate = "correct"


@dataclass(frozen=True)
class NoThinkingBonus(Term[NoThinkingBonusParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        paid = rollouts["steps"] == 0
        if self.params.gate == "correct":
            paid = paid & rollouts.correct
        value = self.params.delta * paid.double()
        if self.params.subtract_reference:
            value = value - rollouts["reference_accuracy"].clamp(min=0.0)
        return value


def bounds(params: NoThinkingBonusParams) -> TermBounds:
    """From the greatest reference accuracy to the bonus."""
    least = -1.0 if params.subtract_reference else 0.0
    paid = 0.0 if params.gate == "correct" else params.delta
    return TermBounds((least, params.delta), (least, paid))


KIND = TermKind(
    NoThinkingBonusParams,
    NoThinkingBonus,
    bounds,
    source="AdaptThink, Zhang et al. 2025, arXiv 2505.13417",
    reads={"reference_accuracy": "with subtract_reference: true"},
)
