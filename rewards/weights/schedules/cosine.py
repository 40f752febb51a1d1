"""From one weight to another along half a cosine wave: slow at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import Annotated, ClassVar

from annotated_types import Interval

from rewards.weights.base import Finite
from rewards.weights.schedules.schedule import Schedule

LONGEST = 100_000
"""Most steps of a change: the ranking of correct rollouts is proved step by step."""


@dataclass(frozen=True)
class CosineWeight(Schedule):
    """Goes from one weight to another along half a cosine wave, then stays.

    Attributes:
        start: Weight until `begin`.
        end: Weight from ``begin + steps`` on.
        steps: Steps the change takes, at least 1.
        begin: Step at which it begins.
    """

    OWNER: ClassVar[str] = "weight schedule 'cosine'"

    start: Finite = 0.0
    end: Finite = 1.0
    steps: Annotated[int, Interval(ge=1, le=LONGEST)] = 100
    begin: Annotated[int, Interval(ge=0)] = 0

    def weight(self, step: int) -> float:
        """Weight at a step: start + (end - start) (1 - cos(pi share)) / 2."""
        share = min(max((step - self.begin) / self.steps, 0.0), 1.0)
        return float(self.start + (1 - cos(pi * share)) / 2 * (self.end - self.start))

    def turning_points(self) -> tuple[int, ...]:
        """Every step of the change: it is nowhere straight."""
        return (0, *range(self.begin, self.begin + self.steps + 1))
