"""The same weight at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rewards.weights.base import Finite
from rewards.weights.schedules.schedule import Schedule


@dataclass(frozen=True)
class ConstantWeight(Schedule):
    """The same weight at every step.

    Attributes:
        value: The weight; may be 0 (the term is only logged) or negative.
    """

    OWNER: ClassVar[str] = "weight schedule 'constant'"

    value: Finite = 1.0

    def weight(self, step: int) -> float:
        """Weight at a step."""
        return float(self.value)

    def turning_points(self) -> tuple[int, ...]:
        """Only the first step."""
        return (0,)
