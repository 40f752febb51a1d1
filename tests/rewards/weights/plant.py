"""A policy simulated: accuracy falls smoothly with the weight, late, and is seen with noise."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

from rewards.weights import Batch, Evaluated

CONTROL = 0.9


@dataclass(frozen=True)
class Plant:
    """Accuracy is CONTROL less 0.4 times a logistic function of the logarithm of the weight.

    Attributes:
        half: Weight at which half of the 0.4 is lost.
        softness: Width of the logistic function in the logarithm.
        lag: Steps in which the policy follows the weight (time constant).
        rollouts: Independent rollouts of a step.
        behind: How far the untrained policy is behind the control, made up over some 20 steps.
    """

    half: float = 0.15
    softness: float = 0.8
    lag: float = 15.0
    rollouts: int = 64
    behind: float = 0.0

    def greatest_weight(self, points: float) -> float:
        """The weight at which accuracy settles `points` under the control."""
        lost = points / 100 / 0.4
        return self.half * (lost / (1 - lost)) ** self.softness

    def run(
        self, controller: Any, steps: int, seed: int, every: int = 0, gap: float = 0.0
    ) -> tuple[float, float]:
        """Train.

        Args:
            controller: Of the weight.
            steps: Of the training.
            seed: Of the noise.
            every: Steps between two evaluations of 400 completions; 0 for none.
            gap: By how much accuracy on the evaluation problems is lower.

        Returns:
            Mean accuracy of the last ten steps, of the rollouts' true probability; last weight.
        """
        noise = random.Random(seed)
        followed, last = log(1e-5), []
        for step in range(steps):
            lost = 0.4 / (1 + exp((log(self.half) - followed) / self.softness))
            true = CONTROL - lost - self.behind * exp(-step / 20)
            error = sqrt(true * (1 - true) / self.rollouts)
            seen = min(max(noise.gauss(true, error), 0.0), 1.0)
            if every and step % every == 0:
                shown = noise.gauss(true - gap, sqrt(true * (1 - true) / 400))
                controller.observe(Evaluated(step, min(shown, 1.0), 100.0, 400))
            followed += (log(max(controller.weight(step), 1e-9)) - followed) / self.lag
            controller.observe(Batch(step, seen, error, 100.0))
            last.append(true)
        return sum(last[-10:]) / 10, controller.weight(steps)
