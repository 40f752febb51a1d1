"""Weights of reward terms over the steps of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, inf
from typing import Annotated, Any, ClassVar, Protocol

from annotated_types import Ge, Interval

from tagger.config.settings import Settings, build_settings
from tagger.errors import UserError, unknown_name

Finite = Annotated[float, Interval(gt=-inf, lt=inf)]


class WeightController(Protocol):
    """The weight of a term at a step of the run. Its state travels with the checkpoint."""

    def weight(self, step: int) -> float:
        """Weight at an optimizer step, counted from 0."""
        ...

    def turning_points(self) -> tuple[int, ...]:
        """Steps between which the weight runs in a straight line, and after which it stays."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state, enough to resume exactly."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        ...


@dataclass(frozen=True)
class ConstantWeight(Settings):
    """The same weight at every step.

    Attributes:
        value: The weight; may be 0 (the term is only logged) or negative.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "weight schedule 'constant'"

    value: Finite = 1.0

    def weight(self, step: int) -> float:
        """Weight at a step."""
        return float(self.value)

    def turning_points(self) -> tuple[int, ...]:
        """Only the first step."""
        return (0,)

    def state_dict(self) -> dict[str, Any]:
        """The value in force."""
        return {"value": self.value}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Check that the checkpoint was made with the same value."""
        _same_schedule(self.state_dict(), state)


@dataclass(frozen=True)
class LinearWeight(Settings):
    """Goes from one weight to another in a straight line, then stays.

    Attributes:
        start: Weight until `begin`.
        end: Weight from ``begin + steps`` on.
        steps: Steps the change takes, at least 1.
        begin: Step at which it begins.
    """

    KEY: ClassVar[str] = "parameter"
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

    def state_dict(self) -> dict[str, Any]:
        """The schedule in force."""
        return {"start": self.start, "end": self.end, "steps": self.steps, "begin": self.begin}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Check that the checkpoint was made with the same schedule."""
        _same_schedule(self.state_dict(), state)


def _same_schedule(ours: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    if dict(ours) != dict(saved):
        raise UserError(
            f"The checkpoint was made with the reward weight {dict(saved)}, the config says "
            f"{dict(ours)}; resume with the config of the run, or start a new run."
        )


CONTROLLERS: dict[str, type[ConstantWeight] | type[LinearWeight]] = {
    "constant": ConstantWeight,
    "linear": LinearWeight,
}


def build_weight(config: object) -> WeightController:
    """Build a controller from its config.

    Args:
        config: A number, or ``{schedule: linear, start: 0, end: 0.2, steps: 50}``.

    Raises:
        UserError: Unknown schedule or parameter, or a bad value.
    """
    if isinstance(config, Mapping):
        params = dict(config)
        name = str(params.pop("schedule", "constant"))
        if name not in CONTROLLERS:
            raise unknown_name("weight schedule", name, CONTROLLERS)
        return build_settings(CONTROLLERS[name], params, "")
    if isinstance(config, bool) or not isinstance(config, int | float):
        raise UserError(
            f"weight is {config!r}; it must be a number, or a schedule such as "
            "{schedule: linear, end: 0.2}."
        )
    return ConstantWeight(float(config))
