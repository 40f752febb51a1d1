"""Pays for a least density of reflection, so that a charge on length does not drive it to nothing.

For a rollout with h places of reflection (wait, alternatively, check, but) in T tokens of thinking

    form: code    reward = min(h / T * tokens_per_reflection, 1)
    form: paper   reward = min(h / T * tokens_per_reflection, 1) - 1

No thinking has density 0. The forms differ by a constant, so their advantages are equal as long as
all rollouts of a group get the term.

Source: REA-RL, arXiv 2505.19862: min(0, D / D_0.2 - 1) with D_0.2 the density that one fifth of the
rollouts fall below; src/rea_rl/rewards.py at 50d4c5c, which adds 1 and has 225.09 tokens to a place
(156.60 and 299.11 in variants). Places are counted as its code counts them: substrings in any case
("butter" is one), hits within 59 characters on a line once. T is the thinking with its opening
delimiter where the model wrote it; there without.

Incorrect rollouts: paid like correct ones, as published, and the more the shorter they are at equal
places of reflection; ``gate: correct`` pays (or, with ``form: paper``, charges) correct ones only.

Example:
    reflection_floor: {weight: 0.5}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.population import let_through
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ReflectionFloorParams(Settings):
    """Parameters of ``reflection_floor``.

    Attributes:
        form: ``code`` pays from 0 to 1 as the authors' code does, ``paper`` charges from -1 to 0.
        tokens_per_reflection: Tokens of thinking in which there should be one place of reflection.
        gate: ``none`` for all rollouts as published, ``correct`` for correct ones only.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'reflection_floor'"

    form: Literal["code", "paper"] = "code"
    tokens_per_reflection: Annotated[float, Interval(gt=0, lt=inf)] = 225.09
    gate: Literal["none", "correct"] = "none"


@dataclass(frozen=True)
class ReflectionFloor(Term[ReflectionFloorParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        density = rollouts["reflections"] / rollouts["thinking_tokens"].clamp(min=1.0)
        paid = (density * self.params.tokens_per_reflection).clamp(max=1.0)
        paid = paid.masked_fill(rollouts["thinking_tokens"] <= 0, 0.0)
        if self.params.form == "paper":
            paid = paid - 1.0
        return paid.masked_fill(~let_through(rollouts, self.params.gate), 0.0)


def bounds(params: ReflectionFloorParams) -> TermBounds:
    """From 0 to 1, or from -1 to 0."""
    paid = (0.0, 1.0) if params.form == "code" else (-1.0, 0.0)
    return TermBounds(paid, paid if params.gate == "none" else (0.0, 0.0))


KIND = TermKind(
    ReflectionFloorParams,
    ReflectionFloor,
    bounds,
    source="REA-RL 2025, arXiv 2505.19862",
)
