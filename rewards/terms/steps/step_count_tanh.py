"""Charges correct rollouts for more steps than the group's correct ones have, pays them for fewer.

For a correct rollout of k steps

    reward = - beta * tanh((k - mean) / mean)

with the mean over the correct rollouts of its group; 0 for all others, and where the mean is 0.

Source: Step-GRPO, arXiv 2604.16890, from a summary; no code was found. It trains on
alpha * correct * (1 - beta * tanh(…)) + (1 - alpha) * format with alpha 0.1 and beta 0.5: here
correctness and this term at weight alpha, `format` at 1 - alpha. There k is 1 + the trigger words
of the thinking, a list that was not public; here they are ARLCP's 13 keywords, or with
``count: steps`` the tagger's steps. Its truncation of confident rollouts is no reward, and is not
here.

Incorrect rollouts: nothing.

Example:
    step_count_tanh: {weight: 0.4}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, tanh
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class StepCountTanhParams(Settings):
    """Parameters of ``step_count_tanh``.

    Attributes:
        beta: Greatest charge.
        count: ``keywords`` counts 1 + the reflection keywords of the thinking, ``steps`` its steps.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'step_count_tanh'"

    beta: Annotated[float, Interval(ge=0, lt=inf)] = 0.5
    count: Literal["keywords", "steps"] = "keywords"


@dataclass(frozen=True)
class StepCountTanh(Term[StepCountTanhParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        by_words = self.params.count == "keywords"
        steps = rollouts["keywords"] + 1.0 if by_words else rollouts["steps"]
        mean = rollouts.groups.mean(steps, rollouts.correct)
        charged = rollouts.correct & (mean > 0)
        relative = (steps - mean) / mean.masked_fill(mean <= 0, 1.0)
        return (-self.params.beta * relative.tanh()).masked_fill(~charged, 0.0)


KIND = TermKind(
    StepCountTanhParams,
    StepCountTanh,
    lambda params: TermBounds(  # no rollout lies further below the mean than the mean
        correct=(-params.beta, params.beta * tanh(1.0)), incorrect=(0.0, 0.0)
    ),
    source="Step-GRPO 2026, arXiv 2604.16890",
    compares=always,
)
