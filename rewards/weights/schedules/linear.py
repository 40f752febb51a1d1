"""From one weight to another in a straight line."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Annotated, ClassVar

from annotated_types import Ge

from rewards.weights.base import Finite
from rewards.weights.schedules.schedule import Schedule


@dataclass(frozen=True)
class LinearWeight(Schedule):
    """Goes from one weight to another in a straight line, then stays.

    Attributes:
        start: Weight until `begin`.
        end: Weight from ``begin + steps`` on.
        steps: Steps the change takes, at least 1.
        begin: Step at which it begins.
    """

    OWNER: ClassVar[str] = "weight schedule 'linear'"

    start: Finite = 0.0
    end: Finite = 1.0
    steps: Annotated[int, Ge(1)] = 100
    begin: Annotated[int, Ge(0)] = 0

    def weight(self, step: int) -> float:
        """Weight at a step."""
        share = min(max((step - self.begin) / self.steps, 0.0), 1.0)
        return float(self.start + share * (self.end - self.start))

    def turning_points(self) -> tuple[int, ...]:
        """Where the change begins and where it ends (parts of a step count as the whole)."""
        edges = (self.begin, self.begin + self.steps)
        return (0, *(int(rounded(edge)) for edge in edges for rounded in (floor, ceil)))
