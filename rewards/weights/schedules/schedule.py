"""What all schedules share: the weight is known before the run, so nothing but it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from rewards.weights.base import Site, WeightSettings, refuse_another


class Schedule(WeightSettings):
    """A weight by step alone; its parameters are the controller."""

    __slots__ = ()

    def controller(self, site: Site) -> Self:
        """The schedule, whatever the term."""
        return self

    def weight(self, step: int) -> float:
        """Weight at a step."""
        raise NotImplementedError

    def turning_points(self) -> tuple[int, ...]:
        """See `rewards.weights.base.WeightController`."""
        raise NotImplementedError

    def span(self, step: int) -> tuple[float, float]:
        """The weight, twice."""
        return self.weight(step), self.weight(step)

    def state_dict(self) -> dict[str, Any]:
        """The parameters in force."""
        return self.to_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Check that the checkpoint was made with the same parameters."""
        refuse_another(self.state_dict(), state)
