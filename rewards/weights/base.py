"""What the weight of a term is: a number at each step, which may follow what the run shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from annotated_types import Interval

from rewards.weights.observation import Batch, Evaluated
from tagger.config.settings import Settings
from tagger.errors import UserError

Finite = Annotated[float, Interval(gt=-inf, lt=inf)]
Positive = Annotated[float, Interval(gt=0, lt=inf)]


class WeightController(Protocol):
    """The weight of a term at a step of the run. Its state travels with the checkpoint."""

    def weight(self, step: int) -> float:
        """Weight at an optimizer step, counted from 0."""
        ...

    def turning_points(self) -> tuple[int, ...]:
        """Steps between which the weight runs in a straight line, and after which it stays.

        A weight that follows the run has the first step alone; where it may lie, `span` says.
        """
        ...

    def span(self, step: int) -> tuple[float, float]:
        """Least and greatest weight that a step can have; equal where it is fixed beforehand."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state, enough to resume exactly."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        ...


def acts(weight: WeightController) -> bool:
    """Whether a weight is other than 0 at any step of a run."""
    return any(value != 0 for step in weight.turning_points() for value in weight.span(step))


class Constraint(NamedTuple):
    """What a controller holds to, for the metrics.

    Attributes:
        value: The quantity it watches, e.g. the accuracy.
        slack: How far that is on the good side of its bound; negative where it is violated.
    """

    value: float
    slack: float


@runtime_checkable
class LearningController(Protocol):
    """A controller that follows what training rollouts and evaluations show."""

    def observe(self, seen: Batch | Evaluated) -> None:
        """Take a batch of training rollouts after its rewards were computed, or an evaluation.

        What it makes of them acts from the next batch on.
        """
        ...

    def constraint(self) -> Constraint | None:
        """What it holds to; None before there is anything to say."""
        ...


@dataclass(frozen=True)
class Site:
    """Where a weight acts: what a controller may need to know of its term and of the run.

    Attributes:
        term: Name of the term.
        unit: ``steps`` or ``tokens``, if that is what the term counts.
        counts: Columns of the facts that count the steps it charges.
        lengths: Columns of the facts with the tokens of those steps.
        each: What each of these costs under a weight of 1; None if that is not one number.
        pays: Weights of the correctness terms, which make the unit of accuracy.
        evaluates: Whether the policy is evaluated during training.
        idle: Whether the term is 0 for every rollout.
    """

    term: str = ""
    unit: str | None = None
    counts: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()
    each: float | None = 1.0
    pays: tuple[WeightController, ...] = field(default=(), repr=False)
    evaluates: bool = False
    idle: bool = False


class WeightSettings(Settings):
    """Base of the parameters of a schedule or controller; their names are the config keys."""

    KEY: ClassVar[str] = "parameter"

    __slots__ = ()

    def controller(self, site: Site) -> WeightController:
        """The controller with these parameters.

        Raises:
            UserError: They do not fit the term or the run.
        """
        raise NotImplementedError


def refuse_another(ours: Mapping[str, Any], saved: Mapping[str, Any]) -> None:
    """Refuse a checkpoint that was made with other parameters.

    Raises:
        UserError: It was.
    """
    if dict(ours) != dict(saved):
        raise UserError(
            f"The checkpoint was made with the reward weight {dict(saved)}, the config says "
            f"{dict(ours)}; resume with the config of the run, or start a new run."
        )
