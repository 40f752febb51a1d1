"""The weight from what a point of accuracy is worth in tokens.

If a point of accuracy is worth N tokens, a token costs 0.01 / N of what correctness pays, and a
step of L tokens L times that:

    w = min(ceiling, 0.01 * pay / N)        for a term that counts tokens
    w = min(ceiling, 0.01 * pay / N * L)    for a term that counts steps

with pay the weight of correctness, divided by what the term charges for one under a weight of 1
(the weight of its types), and L the running mean length of the steps that the term charges,
over the last `window` batches. At such a weight a policy does best to verify just where a step adds
more accuracy than its tokens cost.

Source: ours.

Example:
    step_count: {weight: {schedule: price, tokens_per_point: 20}}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge

from rewards.unread import refuse_unread
from rewards.weights.base import Constraint, Positive, Site, WeightSettings
from rewards.weights.control.limits import CEILING, Limited, check_term
from rewards.weights.observation import Batch, Evaluated
from tagger.errors import UserError

POINT = 0.01


@dataclass(frozen=True)
class Price(WeightSettings):
    """Parameters of ``price``.

    Attributes:
        tokens_per_point: Tokens that one point of accuracy is worth.
        unit: What the term counts, ``steps`` or ``tokens``; the term's own `unit` if left out.
        step_tokens: Length of a step before the first batch that has one.
        window: Batches that the running mean length of a step covers.
        ceiling: Greatest weight.
    """

    OWNER: ClassVar[str] = "weight controller 'price'"

    tokens_per_point: Positive
    unit: Literal["steps", "tokens"] | None = None
    step_tokens: Positive = 15.0
    window: Annotated[int, Ge(1)] = 20
    ceiling: Positive = CEILING

    def controller(self, site: Site) -> PriceController:
        """The controller; see the module.

        Raises:
            UserError: The term counts neither steps nor tokens, or they do not all cost the same.
        """
        check_term(self.OWNER, site)
        if not site.each:
            raise UserError(
                f"{self.OWNER} sets what each step or token costs, but the term {site.term!r} does "
                "not charge them in a straight line, one like the other; give step_count with "
                "shape linear, combine add and one weight for all types, or another schedule."
            )
        unit = self.unit or site.unit
        if unit is None:
            raise UserError(
                f"The term {site.term!r} does not say whether it counts steps or tokens, so "
                f"{self.OWNER} cannot price it; give unit: tokens or unit: steps if it charges 1 "
                "for each."
            )
        if site.unit is not None and self.unit not in (None, site.unit):
            raise UserError(
                f"unit of {self.OWNER} is {self.unit!r}, but the term {site.term!r} counts "
                f"{site.unit}; leave it out."
            )
        if unit == "tokens":
            refuse_unread(self, "a term that counts tokens", "step_tokens", "window")
        return PriceController(self, site, unit)


class PriceController(Limited):
    """See the module.

    Args:
        params: Its parameters.
        site: The term.
        unit: What it counts.
    """

    _SAVED = ("_steps", "_tokens")

    def __init__(self, params: Price, site: Site, unit: str) -> None:
        super().__init__(params.to_dict(), 0.0, 0.0, params.ceiling)
        self._params, self._site, self._by_step = params, site, unit == "steps"
        self._steps = self._tokens = 0.0
        self._last = 0

    def weight(self, step: int) -> float:
        """The price, up to the ceiling."""
        self._last = step
        return min(self._ceiling, self._price(step))

    def turning_points(self) -> tuple[int, ...]:
        """Those of the weight of correctness."""
        return (0, *(step for weight in self._site.pays for step in weight.turning_points()))

    def span(self, step: int) -> tuple[float, float]:
        """Up to the ceiling; the price itself where it is one of tokens, which stays."""
        if self._by_step:
            return 0.0, self._ceiling
        price = min(self._ceiling, self._price(step))
        return price, price

    def _price(self, step: int) -> float:
        pays = self._site.pays
        pay = sum(weight.weight(step) for weight in pays) if pays else 1.0
        length = 1.0
        if self._by_step:
            length = self._tokens / self._steps if self._steps else self._params.step_tokens
        return POINT * pay / self._params.tokens_per_point * length / (self._site.each or 1.0)

    def observe(self, seen: Batch | Evaluated) -> None:
        """Take the steps of a batch; see the module."""
        if isinstance(seen, Evaluated) or not self._by_step:
            return
        steps = sum(seen.means[column] for column in self._site.counts)
        if steps <= 0:
            return
        keep = exp(-1 / self._params.window)
        self._steps = keep * self._steps + steps
        tokens = sum(seen.means[column] for column in self._site.lengths)
        self._tokens = keep * self._tokens + tokens

    def constraint(self) -> Constraint | None:
        """The price, and how far it is below the ceiling; negative where that cuts it."""
        price = self._price(self._last)
        return Constraint(price, self._ceiling - price)
