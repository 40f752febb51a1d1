"""Pays correct rollouts for being shorter than a target made of the group's own lengths.

The target L* is the mean (least, median) length of the group's correct, finished rollouts, kept
within [least, most]; `most` where there is none. For a correct rollout of L tokens

    max_asym    reward = max(0, 1 - L/L*)           0 below `short` tokens
    max_sym     reward = max(-1, 1 - |L - L*|/L*)   too short is charged like too long
    upper_only  reward = clip(1 - L/L*, -1, 0)      too long is charged, short not paid

0 for all others. A correct rollout that was cut off by the length limit may lose by it, not gain.

Source: LEAD, Li et al. 2026, arXiv 2605.09806; verl/trainer/ppo/ray_trainer.py of CrazyMint/LEAD at
aeebcc0: its default is max_asym, paper and released script say max_sym. There correctness and this
term are normalised apart and mixed by weights that adapt; that is a matter of aggregation and
weights, not of the term. The bounds 1,000 and 8,000 are made for long thinking: set them to those
of your model. ``{least: 0, most: 1.0e+9, short: 0}`` is the gated bonus of
PrimeIntellect-ai/prime-rl#2265.

Incorrect rollouts: nothing by default. As published (``gate: none``) max_asym and upper_only charge
them clip(1 - L/L*, -1, 0), so that a shorter wrong answer loses less, and max_sym pays them like
correct ones.

Example:
    target_ratio: {weight: 0.5, mode: max_asym, least: 1000, most: 8000}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.terms.population import Gate, unpaid_if_cut_off
from rewards.unread import refuse_unread
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class TargetRatioParams(Settings):
    """Parameters of ``target_ratio``.

    Attributes:
        mode: ``max_asym`` pays what is shorter than the target, ``max_sym`` what is near it and
            charges the rest, ``upper_only`` charges what is longer.
        aggregator: What the target is: ``mean_correct``, ``min_correct`` or ``median_correct``
            length of the correct rollouts, or ``mean_all`` of all rollouts.
        least: Least target, in tokens.
        most: Greatest target, in tokens, and the target where nobody is correct.
        short: Correct rollouts below so many tokens are not paid; read by ``max_asym``.
        gate: Who is paid and charged. ``correct``: correct rollouts. ``none``: incorrect rollouts
            too, as published.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'target_ratio'"

    mode: Literal["max_asym", "max_sym", "upper_only"] = "max_asym"
    aggregator: Literal["mean_correct", "min_correct", "median_correct", "mean_all"] = (
        "mean_correct"
    )
    least: Annotated[float, Interval(ge=0, lt=inf)] = 1000.0
    most: Annotated[float, Interval(gt=0, lt=inf)] = 8000.0
    short: Annotated[float, Ge(0)] = 500.0
    gate: Gate = "correct"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.least > self.most:
            raise UserError(
                f"least of {self.OWNER} is {self.least:g}, above most, {self.most:g}; give a range."
            )
        if self.mode != "max_asym":
            refuse_unread(self, f"mode: {self.mode}", "short")


@dataclass(frozen=True)
class TargetRatio(Term[TargetRatioParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        ratio = rollouts.tokens / self._target(rollouts)
        if self.params.mode == "max_sym":
            value = (1.0 - (ratio - 1.0).abs()).clamp(min=-1.0)
        else:
            value = (1.0 - ratio).clamp(-1.0, 0.0)
        if self.params.mode == "max_asym":
            bonus = (1.0 - ratio).clamp(min=0.0)
            bonus = bonus.masked_fill(rollouts.tokens < self.params.short, 0.0)
            value = bonus.where(rollouts.correct, value)
        if self.params.gate == "none":
            return value
        return unpaid_if_cut_off(value, rollouts).masked_fill(~rollouts.correct, 0.0)

    def _target(self, rollouts: Rollouts) -> torch.Tensor:
        """The target length of each rollout's group, (B,), in tokens."""
        groups, tokens, counted = rollouts.groups, rollouts.tokens, rollouts.completed
        least, most = self.params.least, self.params.most
        if self.params.aggregator == "mean_all":
            target = groups.mean(tokens, rollouts.all)
        elif self.params.aggregator == "min_correct":
            target = groups.least(tokens, counted, empty=most)
        elif self.params.aggregator == "median_correct":
            target = groups.quantile(tokens, counted, 0.5, empty=most)
        else:
            target = groups.mean(tokens, counted, empty=most)
        return target.clamp(max(least, 1.0), max(most, 1.0))


def bounds(params: TargetRatioParams) -> TermBounds:
    """By mode; incorrect rollouts 0 with the gate, as the mode has it without."""
    paid, charged = {
        "max_asym": ((0.0, 1.0), (-1.0, 0.0)),
        "max_sym": ((-1.0, 1.0), (-1.0, 1.0)),
        "upper_only": ((-1.0, 0.0), (-1.0, 0.0)),
    }[params.mode]
    return TermBounds(paid, charged if params.gate == "none" else (0.0, 0.0))


KIND = TermKind(
    TargetRatioParams,
    TargetRatio,
    bounds,
    source="Li et al. 2026 (LEAD), arXiv 2605.09806",
    compares=always,
)
