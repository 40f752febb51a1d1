r"""Pays for short thinking and for a forecast that comes true: BET without correctness and format.

A completion forecasts in its <predict> block a solve rate s' and a budget b' (0.5 each if it does
not), and may fold, that is answer \boxed{Unsolvable}. With s the solve rate of its group, L the
tokens of its thinking, c the mean L of the shortest `shortest` of the group's correct rollouts
(rounded up) and b = min(1, c / limit), a correct rollout gets

    efficiency     efficiency * max(0, 1 - L / c)     if s > solve_rate, else 0
    calibration    - rate * |s' - s| - budget * (2 max(0, b - b') + max(0, b' - b))

and an incorrect one 0; with `gate: none` an incorrect one gets

    value          fold_bonus if it folds and no rollout of the group is correct
                   - fold_charge if it folds and one is
                   - length_charge * min(1, L / limit) if it does not fold
    calibration    as above; - unsolved_rate * s' - unsolved_budget * b' if none is correct

Source: BET, Nice Fold or Hero Call, arXiv 2605.11625; houqiii/BET, bet/rewards and
bet/group_stats.py at 079d234. Its value of a correct rollout, 1, is correctness at weight 1, its
format reward is `format`. It measures thinking in characters / 4, here it is tokens.

Incorrect rollouts: nothing. With `gate: none`, as published, they are paid for folding on problems
that nobody solves, and for being short.

Example:
    budget_value: {weight: 1.0, limit: 4096}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind, always
from rewards.terms.population import Gate, let_through
from rewards.unread import refuse_unread
from rewards.weights import Finite
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

Price = Annotated[Finite, Ge(0)]
_OF_INCORRECT = ("unsolved_rate", "unsolved_budget", "fold_bonus", "fold_charge", "length_charge")
_UNKNOWN = 0.5  # what a forecast that was not made counts as
_UNDER = 2.0  # an under-estimated budget costs twice an over-estimated one


@dataclass(frozen=True)
class BudgetValueParams(Settings):
    """Parameters of ``budget_value``.

    Attributes:
        limit: Tokens that a budget of 1 stands for; usually ``grpo.max_completion_length``.
        shortest: Share of the correct rollouts whose mean length is the group's cost.
        efficiency: Most that a correct rollout can get for being shorter than that.
        solve_rate: Solve rate above which there is something to get.
        rate: Charge for a forecast solve rate that is off by 1.
        budget: Charge for a forecast budget that is too high by 1; too low costs twice that.
        unsolved_rate: Charge for a forecast solve rate of 1 where no rollout is correct.
        unsolved_budget: Charge for a forecast budget of 1 where no rollout is correct.
        fold_bonus: What folding gets where no rollout is correct.
        fold_charge: What folding costs where one is.
        length_charge: What an incorrect rollout of `limit` tokens of thinking loses.
        gate: Who has a value: ``correct`` rollouts, or everybody (``none``).
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'budget_value'"

    limit: Annotated[int, Ge(1)] = 16384
    shortest: Annotated[float, Interval(gt=0, le=1)] = 0.3
    efficiency: Price = 0.3
    solve_rate: Annotated[float, Interval(ge=0, le=1)] = 0.25
    rate: Price = 0.1
    budget: Price = 0.2
    unsolved_rate: Price = 0.2
    unsolved_budget: Price = 0.1
    fold_bonus: Price = 0.1
    fold_charge: Price = 0.8
    length_charge: Price = 0.2
    gate: Gate = "correct"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gate == "correct":
            refuse_unread(self, "gate: correct", *_OF_INCORRECT)


@dataclass(frozen=True)
class BudgetValue(Term[BudgetValueParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        rate = rollouts.groups.share(rollouts.correct)
        cost = self._cost(rollouts)
        value = self._efficiency(rollouts, rate, cost).where(
            rollouts.correct, self._incorrect(rollouts, rate)
        )
        value = value + self._calibration(rollouts, rate, cost)
        return value.masked_fill(~let_through(rollouts, self.params.gate), 0.0)

    def _cost(self, rollouts: Rollouts) -> torch.Tensor:
        """Mean length of the shortest correct rollouts of each group, (B,); 0 if there is none."""
        groups, length = rollouts.groups, rollouts["thinking_tokens"]
        wanted = (groups.count(rollouts.correct) * self.params.shortest - 1e-9).ceil()
        rank = groups.rank(length, rollouts.correct)
        return groups.mean(length, rollouts.correct & (rank < wanted))

    def _efficiency(
        self, rollouts: Rollouts, rate: torch.Tensor, cost: torch.Tensor
    ) -> torch.Tensor:
        saved = (1.0 - rollouts["thinking_tokens"] / cost.clamp(min=1e-9)).clamp(min=0.0)
        paid = (rate > self.params.solve_rate + 1e-9) & (cost > 0)
        return self.params.efficiency * saved.masked_fill(~paid, 0.0)

    def _incorrect(self, rollouts: Rollouts, rate: torch.Tensor) -> torch.Tensor:
        """The value of an incorrect rollout, its calibration left out."""
        share = (rollouts["thinking_tokens"] / self.params.limit).clamp(max=1.0)
        fold = (rate == 0) * (self.params.fold_bonus + self.params.fold_charge)
        fold = fold - self.params.fold_charge
        return fold.where(rollouts["folded"] > 0, -self.params.length_charge * share)

    def _calibration(
        self, rollouts: Rollouts, rate: torch.Tensor, cost: torch.Tensor
    ) -> torch.Tensor:
        forecast_rate, forecast = (
            _made(rollouts[f"forecast_{key}"]) for key in ("solve_rate", "budget")
        )
        target = (cost / self.params.limit).clamp(max=1.0)
        loss = _UNDER * (target - forecast).clamp(min=0.0) + (forecast - target).clamp(min=0.0)
        solved = self.params.rate * (forecast_rate - rate).abs() + self.params.budget * loss
        unsolved = (
            self.params.unsolved_rate * forecast_rate + self.params.unsolved_budget * forecast
        )
        return -unsolved.where(rate == 0, solved)


def _made(forecast: torch.Tensor) -> torch.Tensor:
    return forecast.masked_fill(forecast < 0, _UNKNOWN)


def bounds(params: BudgetValueParams) -> TermBounds:
    """From the worst forecast to the shortest thinking or a fold that was due."""
    missed = params.rate + _UNDER * params.budget
    correct = (-missed, params.efficiency)
    if params.gate == "correct":
        return TermBounds(correct, (0.0, 0.0))
    missed = max(missed, params.unsolved_rate + params.unsolved_budget)
    return TermBounds(
        correct, (-missed - max(params.fold_charge, params.length_charge), params.fold_bonus)
    )


KIND = TermKind(
    BudgetValueParams,
    BudgetValue,
    bounds,
    source="BET 2026, arXiv 2605.11625",
    compares=always,
    reads={"forecast_solve_rate": "", "forecast_budget": ""},
)
