"""Running estimate of a policy's accuracy from its rollouts, put right by evaluations.

Rollouts come with every step, but they are of training problems; evaluations are what counts, but
they are rare. So the estimate is the exponential mean of the rollouts' accuracy, plus the mean
difference between the last evaluations and the rollouts around each of them.
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
        self._sum = self._weights = self._squares = 0.0
        self._recent: list[float] = []
        self._pending: list[tuple[float, int]] = []
        self._offsets: list[float] = []
        self.batches = 0

    def see(self, accuracy: float, error: float, steps: int) -> None:
        """Take a batch of rollouts.

        Args:
            accuracy: Share of correct ones.
            error: Its standard error.
            steps: Since the last batch.
        """
        share = 1 - exp(-steps / self._window)
        self._sum += share * (accuracy - self._sum)
        self._weights += share * (1 - self._weights)
        self._squares = (1 - share) ** 2 * self._squares + share**2 * error**2
        self.batches += 1
        half = max(1, self._window // 2)
        self._recent = [*self._recent, accuracy][-2 * half :]
        waiting = [(evaluated, left - 1) for evaluated, left in self._pending]
        for evaluated, left in waiting:
            if left == 0:  # the rollouts on both sides of the evaluation
                around = sum(self._recent) / len(self._recent)
                self._offsets = [*self._offsets, evaluated - around][-OFFSETS:]
        self._pending = [(evaluated, left) for evaluated, left in waiting if left > 0]

    def evaluated(self, accuracy: float) -> None:
        """Take an evaluation; it is compared with the rollouts before it and after it."""
        self._pending.append((accuracy, max(1, self._window // 2)))

    @property
    def value(self) -> float:
        """The estimate; only after the first batch."""
        offset = sum(self._offsets) / len(self._offsets) if self._offsets else 0.0
        return self._sum / self._weights + offset

    @property
    def error(self) -> float:
        """Standard error of the rollouts' mean."""
        return sqrt(self._squares) / self._weights

    def state_dict(self) -> dict[str, Any]:
        """All of it."""
        return {name.lstrip("_"): value for name, value in vars(self).items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        for name in vars(self):
            setattr(self, name, state[name.lstrip("_")])
        self._pending = [(accuracy, left) for accuracy, left in self._pending]
