"""A weight that creeps up while accuracy holds, and steps back after it has dropped.

After each batch of training rollouts, with a the exponential mean of accuracy over a span of
`smoothing` batches

    w <- max(least, w * (1 - fall))   if a of `window` - 1 batches ago, less a now, is above drop
    w <- min(ceiling, w * (1 + rise)) otherwise

from step `warmup` on and once there are `window` batches.

Source: ACOER, arXiv 2606.22716; acoer/reward.py at 489009a, whose values are the defaults, its
ceiling of 0.5 aside.

Example:
    length_sigmoid: {weight: {schedule: accuracy_drop, ceiling: 0.5}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Interval

from rewards.weights.base import Constraint, Positive, Site, WeightSettings
from rewards.weights.control.limits import (
    CEILING,
    Limited,
    check_start,
    check_term,
    held,
)
from rewards.weights.observation import Batch, Evaluated

Share = Annotated[float, Interval(gt=0, lt=1)]


@dataclass(frozen=True)
class AccuracyDrop(WeightSettings):
    """Parameters of ``accuracy_drop``.

    Attributes:
        start: First weight.
        ceiling: Greatest weight.
        least: Least weight.
        rise: Share by which the weight rises at each batch while accuracy holds.
        fall: Share by which it falls at each batch after a drop.
        drop: Fall of accuracy that counts as a drop; 0.02 are two points.
        window: Batches within which it is looked for.
        smoothing: Batches of the exponential mean of accuracy, as a span: each has the share
            ``2 / (smoothing + 1)``.
        warmup: Step before which the weight stays.
        hold_when_longer_is_better: No rise while longer rollouts are the correct ones.
    """

    OWNER: ClassVar[str] = "weight controller 'accuracy_drop'"

    start: Positive = 0.02
    ceiling: Positive = CEILING
    least: Positive = 0.01
    rise: Positive = 0.02
    fall: Share = 0.05
    drop: Share = 0.02
    window: Annotated[int, Ge(2)] = 100
    smoothing: Annotated[int, Ge(1)] = 50
    warmup: Annotated[int, Ge(0)] = 200
    hold_when_longer_is_better: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_start(self.OWNER, self.start, self.ceiling, self.least)

    def controller(self, site: Site) -> AccuracyDropController:
        """The controller; see the module."""
        check_term(self.OWNER, site)
        return AccuracyDropController(self)


class AccuracyDropController(Limited):
    """See the module.

    Args:
        params: Its parameters.
    """

    _SAVED = ("_weight", "_means")

    def __init__(self, params: AccuracyDrop) -> None:
        super().__init__(params.to_dict(), params.start, params.least, params.ceiling)
        self._params = params
        self._means: list[float] = []

    @property
    def still(self) -> int:
        """Steps before the first at which the weight can have moved."""
        return max(self._params.warmup, self._params.window - 1) + 1

    def observe(self, seen: Batch | Evaluated) -> None:
        """Take a batch; see the module."""
        if isinstance(seen, Evaluated):
            return
        params = self._params
        share = 2 / (params.smoothing + 1)
        last = self._means[-1] if self._means else seen.accuracy
        mean = share * seen.accuracy + (1 - share) * last
        self._means = [*self._means, mean][-params.window :]
        if seen.step < params.warmup or len(self._means) < params.window:
            return
        if self._means[0] - mean > params.drop:
            new = max(self._least, self._weight * (1 - params.fall))
        else:
            new = min(self._ceiling, self._weight * (1 + params.rise))
        self._weight = held(new, self._weight, seen, params.hold_when_longer_is_better)

    def constraint(self) -> Constraint | None:
        """The mean accuracy, and how much further it may drop."""
        if not self._means:
            return None
        mean = self._means[-1]
        return Constraint(mean, mean - (self._means[0] - self._params.drop))
