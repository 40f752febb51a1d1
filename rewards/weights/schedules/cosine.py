"""From one weight to another along half a cosine wave: slow at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import Annotated, ClassVar

from annotated_types import Interval

from rewards.weights.schedules.change import Change

LONGEST = 100_000
"""Most steps of a change: the ranking of correct rollouts is proved step by step."""


@dataclass(frozen=True)
class CosineWeight(Change):
    """Goes from one weight to another along half a cosine wave, then stays."""

    OWNER: ClassVar[str] = "weight schedule 'cosine'"

    steps: Annotated[int, Interval(ge=1, le=LONGEST)] = 100

    def weight(self, step: int) -> float:
        """Weight at a step: start + (end - start) (1 - cos(pi share)) / 2."""
        done = (1 - cos(pi * self.done(step))) / 2
        return float(self.start + done * (self.end - self.start))

    def turning_points(self) -> tuple[int, ...]:
        """Every step of the change: it is nowhere straight."""
        return (0, *range(self.begin, self.begin + self.steps + 1))
