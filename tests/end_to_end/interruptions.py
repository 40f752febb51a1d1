"""Trainings that are interrupted at a chosen place."""

from __future__ import annotations

import os
from typing import Any

import torch

from rl.training.trainer import StepGRPOTrainer


def signal_in_step(number: int, step: int, rank: int) -> Any:
    """Have a process signal itself in the middle of a step: rollouts scored, no update made.

    Args:
        number: The signal.
        step: The step, from 1.
        rank: The process.

    Returns:
        The method as it was, for `StepGRPOTrainer._calculate_rewards`.
    """
    original = StepGRPOTrainer._calculate_rewards

    def scored(self: Any, *args: Any) -> torch.Tensor:
        terms = original(self, *args)
        if self.accelerator.process_index == rank and self.state.global_step == step - 1:
            os.kill(os.getpid(), number)
        return terms

    StepGRPOTrainer._calculate_rewards = scored  # type: ignore[method-assign]
    return original
