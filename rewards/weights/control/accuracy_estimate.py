"""Running estimate of a policy's accuracy from its rollouts, put right by evaluations.

Rollouts come with every step, but they are of training problems; evaluations are what counts, but
they are rare. So the estimate is the exponential mean of the rollouts' accuracy, plus the mean
difference between the last evaluations and the rollouts around each of them.

An exponential mean is late: of a policy that learns it is lower than the policy is. So a floor that
follows a control is averaged alike, and the difference to an evaluation is one of distances to the
floor: a policy that learns as the control did lies above it by the points that it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, sqrt
from typing import Any

OFFSETS = 10
"""Evaluations whose difference to the rollouts is averaged."""


class AccuracyEstimate:
    """See the module.

    Args:
        window: Steps that the exponential mean covers (its time constant).
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._sum = self._weights = self._squares = self._floor = 0.0
        self._recent: list[float] = []
        self._pending: list[tuple[float, int]] = []
        self._offsets: list[float] = []
        self.batches = 0

    def see(self, accuracy: float, error: float, steps: int, floor: float = 0.0) -> None:
        """Take a batch of rollouts.

        Args:
            accuracy: Share of correct ones.
            error: Its standard error.
            steps: Since the last batch.
            floor: That of its step.
        """
        share = 1 - exp(-steps / self._window)
        self._floor += share * (floor - self._floor)
        self._sum += share * (accuracy - self._sum)
        self._weights += share * (1 - self._weights)
        self._squares = (1 - share) ** 2 * self._squares + share**2 * error**2
        self.batches += 1
        half = max(1, self._window // 2)
        # A batch stands for its steps, as in the exponential mean.
        self._recent = [*self._recent, *[accuracy - floor] * steps][-2 * half :]
        waiting = [(evaluated, left - steps) for evaluated, left in self._pending]
        for evaluated, left in waiting:
            if left <= 0:  # the rollouts on both sides of the evaluation
                around = sum(self._recent) / len(self._recent)
                self._offsets = [*self._offsets, evaluated - around][-OFFSETS:]
        self._pending = [(evaluated, left) for evaluated, left in waiting if left > 0]

    def evaluated(self, accuracy: float, floor: float = 0.0) -> None:
        """Take an evaluation; it is compared with the rollouts before it and after it.

        Args:
            accuracy: Share of correct completions.
            floor: That of its step.
        """
        self._pending = [*self._pending, (accuracy - floor, max(1, self._window // 2))]

    @property
    def value(self) -> float:
        """The estimate; only after the first batch."""
        offset = sum(self._offsets) / len(self._offsets) if self._offsets else 0.0
        return self._sum / self._weights + offset

    @property
    def floor(self) -> float:
        """The floor, as late as the estimate."""
        return self._floor / self._weights

    @property
    def error(self) -> float:
        """Standard error of the rollouts' mean."""
        return sqrt(self._squares) / self._weights

    def state_dict(self) -> dict[str, Any]:
        """All of it."""
        return {name.lstrip("_"): value for name, value in vars(self).items()}

    def load_state_dict(self, state: Mapping[str, Any], floor: float = 0.0) -> None:
        """Take over a saved state.

        Args:
            state: As `state_dict` returns; that of an earlier version knows nothing of floors.
            floor: In that case the one that stands now.
        """
        if "floor" not in state:
            recent = [accuracy - floor for accuracy in state["recent"]]
            pending = [(accuracy - floor, left) for accuracy, left in state["pending"]]
            state = {**state, "floor": floor * state["weights"]}
            state |= {"recent": recent, "pending": pending}
        for name in vars(self):
            setattr(self, name, state[name.lstrip("_")])
        self._pending = [(accuracy, left) for accuracy, left in self._pending]
