"""The share of every training step that its rewards take."""

from __future__ import annotations

from typing import Any

import torch
from trl import GRPOTrainer

from rl.training.advantages.scoring import BatchScorer


class TimedTrainer(GRPOTrainer):
    """`GRPOTrainer` that logs, with a step's metrics, how much of it went into rewards."""

    _scorer: BatchScorer

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """As TRL's, which notes the seconds of a step when its last pass is done."""
        metrics = self._metrics["train"]
        steps = len(metrics["step_time"])
        loss: torch.Tensor = super().training_step(*args, **kwargs)
        if len(metrics["step_time"]) > steps:
            for name, share in self._scorer.shares(metrics["step_time"][-1]).items():
                metrics[name].append(share)
        return loss
