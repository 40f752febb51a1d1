"""What schedules share that go from one weight to another and then stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from rewards.weights.base import Finite
from rewards.weights.schedules.schedule import Schedule


@dataclass(frozen=True)
class Change(Schedule):
    """A change of the weight; a subclass says along which curve.

    Attributes:
        start: Weight until `begin`.
        end: Weight from ``begin + steps`` on.
        steps: Steps the change takes, at least 1.
        begin: Step at which it begins.
    """

    start: Finite = 0.0
    end: Finite = 1.0
    steps: Annotated[int, Ge(1)] = 100
    begin: Annotated[int, Ge(0)] = 0

    @property
    def still(self) -> int:
        """Steps for which the weight is `start`."""
        return self.begin + 1 if self.start != self.end else 0

    def done(self, step: int) -> float:
        """Share of the steps of the change that lie behind a step, in [0, 1]."""
        return min(max((step - self.begin) / self.steps, 0.0), 1.0)
