"""From one weight to another in a straight line."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import ClassVar

from rewards.weights.schedules.change import Change


@dataclass(frozen=True)
class LinearWeight(Change):
    """Goes from one weight to another in a straight line, then stays."""

    OWNER: ClassVar[str] = "weight schedule 'linear'"

    def weight(self, step: int) -> float:
        """Weight at a step."""
        return float(self.start + self.done(step) * (self.end - self.start))

    def turning_points(self) -> tuple[int, ...]:
        """Where the change begins and where it ends (parts of a step count as the whole)."""
        edges = (self.begin, self.begin + self.steps)
        return (0, *(int(rounded(edge)) for edge in edges for rounded in (floor, ceil)))
