"""Dual ascent on the weight of a term so that accuracy stays above a floor.

The weight rises while accuracy lies above the floor and falls while it lies below: it ends at the
greatest price that the floor allows, from whatever start (`rewards.weights.control.floor_law`, a
law in the logarithm of the weight). Accuracy is estimated from training rollouts, put right by
evaluations where the run has ``eval_problems`` (`rewards.weights.control.accuracy_estimate`).

The floor is an accuracy, or points under the control's: that of the same training on correctness
alone. With the control's run folder the floor follows what the control had reached at each step,
averaged as the estimate is, which is as late. With a number it stands from the first step on, above
a policy that has not learned yet; so the weight stays at its start until accuracy has reached the
floor once, at most `grace` steps.

Source: ours; A-DLP (arXiv 2505.18298) moves a charge on tokens by the difference to a reference
accuracy, in equal steps of the weight itself.

Example:
    step_count: {weight: {schedule: accuracy_floor, control: runs/control, points: 1}}
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from math import sqrt
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Interval

from rewards.weights.base import Constraint, Finite, Positive, Site, WeightSettings
from rewards.weights.control.accuracy_estimate import AccuracyEstimate
from rewards.weights.control.control_run import accuracy_at, check_curve, read_control
from rewards.weights.control.floor_law import LogWeight, moved
from rewards.weights.control.limits import (
    CEILING,
    Limited,
    check_start,
    check_term,
)
from rewards.weights.observation import Batch, Evaluated
from tagger.errors import UserError

Accuracy = Annotated[float, Interval(gt=0, le=1)]

LEAST_SCALE = 0.01
"""Least slack at which the weight moves at full rate: one point."""
UNKNOWN_SCALE = 0.02
"""That slack where no control says what is within reach."""
FIRST = 5
"""Batches before which an accuracy above the floor is not taken at its word."""
GRACE = 50


@dataclass(frozen=True)
class AccuracyFloor(WeightSettings):
    """Parameters of ``accuracy_floor``.

    Attributes:
        control: Accuracy of the control: a number, the folder of its run, or pairs of a step and an
            accuracy.
        points: The floor, in points of accuracy under the control's; 1 if left out.
        floor: The floor as an accuracy, with `control` or without, in place of `points`.
        start: First weight.
        ceiling: Greatest weight.
        least: Least weight, above 0: a logarithm has no 0.
        rate: Greatest change of the logarithm of the weight per step.
        window: Steps that the estimate of accuracy covers.
        grace: Steps after which the weight moves although accuracy has not reached the floor yet;
            50 if left out, 0 with a control of which every step is known.
        source: ``evaluation``: training rollouts put right by evaluations, which needs
            ``eval_problems``; ``rollouts``: training rollouts alone; ``auto``: what there is.
        hold_when_longer_is_better: No rise while longer rollouts are the correct ones.
    """

    OWNER: ClassVar[str] = "weight controller 'accuracy_floor'"

    control: Accuracy | str | list[list[float]] | None = None
    points: Finite | None = None
    floor: Accuracy | None = None
    start: Positive = 0.01
    ceiling: Positive = CEILING
    least: Positive = 1e-4
    rate: Positive = 0.1
    window: Annotated[int, Ge(1)] = 20
    grace: Annotated[int, Ge(0)] | None = None
    source: Literal["auto", "evaluation", "rollouts"] = "auto"
    hold_when_longer_is_better: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.control is None and self.floor is None:
            raise UserError(
                f"{self.OWNER} needs a floor: control (an accuracy or a run folder) with points "
                "under it, or floor (an accuracy), e.g. {control: runs/control, points: 1}."
            )
        if self.points is not None and (self.floor is not None or self.control is None):
            raise UserError(
                f"points of {self.OWNER} are points under control, and not together with floor; "
                "give control and points, or floor."
            )
        if self.points is not None and self.points < 0:
            raise UserError(
                f"points of {self.OWNER} is {self.points:g}, a floor above the control's accuracy, "
                "which no weight reaches; points count downwards from the control, e.g. points: 1."
            )
        check_start(self.OWNER, self.start, self.ceiling, self.least)
        if isinstance(self.control, list):
            check_curve(self.OWNER, self.control)
        if not isinstance(self.control, str):
            self._below()

    def _below(self) -> float:
        """How far the floor lies under the control, in accuracy; 0 without a control."""
        if self.control is None or isinstance(self.control, str):
            return 0.0
        reached = self.control if isinstance(self.control, float | int) else self.control[-1][1]
        if self.floor is None:
            below = (1.0 if self.points is None else self.points) / 100
            if below >= reached:
                fewer = f"give fewer than {100 * reached:g}" if reached else "name another control"
                raise UserError(
                    f"points of {self.OWNER} is {100 * below:g}, which is no accuracy under a "
                    f"control at {reached:.1%}; {fewer}, or give floor, an accuracy."
                )
            return below
        if self.floor > reached:
            raise UserError(
                f"floor of {self.OWNER} is {self.floor:.1%}, above the control's accuracy of "
                f"{reached:.1%}, which no weight reaches; lower it."
            )
        return reached - self.floor

    def floor_at(self, step: int) -> float:
        """The floor at a step."""
        if self.control is None or isinstance(self.control, str):
            return self.floor or 0.0
        if isinstance(self.control, list):
            return accuracy_at(self.control, step) - self._below()
        return self.control - self._below()

    @property
    def scale(self) -> float:
        """Slack at which the weight moves at full rate."""
        return UNKNOWN_SCALE if self.control is None else max(self._below(), LEAST_SCALE)

    def controller(self, site: Site) -> AccuracyFloorController:
        """The controller; a control's folder is read.

        Raises:
            UserError: The run has no such source of accuracy, or the control is no complete run.
        """
        check_term(self.OWNER, site)
        if self.source == "evaluation" and not site.evaluates:
            raise UserError(
                f"{self.OWNER} of {site.term!r} is to follow evaluations, but the run has no "
                "eval_problems; give them, or set source: rollouts."
            )
        evaluates = site.evaluates and self.source != "rollouts"
        params = self
        if isinstance(self.control, str):
            values = {**self.to_dict(), "control": read_control(self.control, evaluates)}
            params = AccuracyFloor(**values)
        return AccuracyFloorController(params, evaluates)


class AccuracyFloorController(Limited):
    """See the module.

    Args:
        params: Its parameters, a control's folder read.
        evaluates: Whether evaluations put the estimate right.
    """

    def __init__(self, params: AccuracyFloor, evaluates: bool) -> None:
        super().__init__(params.to_dict(), params.start, params.least, params.ceiling)
        self._params, self._evaluates = params, evaluates
        self._now = LogWeight.at(params.start)
        self._estimate = AccuracyEstimate(params.window)
        self._armed, self._step = False, -1
        self._before = (self._now, copy(self._estimate), self._step)
        self._draws: list[Batch] = []  # of the step; a checkpoint lies between steps
        default = 0 if isinstance(params.control, list) else GRACE
        self._grace = default if params.grace is None else params.grace

    def observe(self, seen: Batch | Evaluated) -> None:
        """Take a batch or an evaluation; see the module."""
        params = self._params
        if isinstance(seen, Evaluated):
            if self._evaluates:
                self._estimate.evaluated(seen.accuracy, params.floor_at(seen.step))
            return
        if seen.step != self._step:
            self._before = (self._now, copy(self._estimate), self._step)
            self._draws = []
        # Several draws of one step are one observation.
        self._draws = [*self._draws, seen]
        self._now, before, last = self._before
        self._estimate, self._step = copy(before), seen.step
        estimate, number = self._estimate, len(self._draws)
        accuracy = sum(draw.accuracy for draw in self._draws) / number
        error = sqrt(sum(draw.error**2 for draw in self._draws)) / number
        steps = max(1, seen.step - last)
        estimate.see(accuracy, error, steps, params.floor_at(seen.step))
        slack = estimate.value - estimate.floor
        if estimate.batches >= FIRST:
            self._armed = self._armed or slack >= 0 or seen.step >= self._grace
        if not self._armed:
            return
        self._now = moved(
            self._now,
            slack,
            max(params.scale, estimate.error),
            steps,
            params.rate,
            params.window,
            (self._least, self._ceiling),
            may_rise=not (params.hold_when_longer_is_better and seen.longer_is_better),
        )
        self._weight = min(max(self._now.weight, self._least), self._ceiling)

    def constraint(self) -> Constraint | None:
        """The estimated accuracy, and by how much it is above the floor."""
        if self._step < 0:
            return None
        return Constraint(self._estimate.value, self._estimate.value - self._estimate.floor)

    def state_dict(self) -> dict[str, Any]:
        """Parameters and state."""
        now = self._now
        return super().state_dict() | {
            "log": [now.log, now.trail, now.side, now.crossings],
            "estimate": self._estimate.state_dict(),
            "armed": self._armed,
            "step": self._step,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        super().load_state_dict(state)
        self._now = LogWeight(*state["log"])
        self._armed, self._step = bool(state["armed"]), int(state["step"])
        self._estimate.load_state_dict(state["estimate"], self._params.floor_at(self._step))
        self._before, self._draws = (self._now, copy(self._estimate), self._step), []
