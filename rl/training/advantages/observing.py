"""Shows a batch of training rollouts to the terms and weights that learn from it."""

from __future__ import annotations

import sys

from rewards.stack import RewardStack
from rl.training.advantages.scoring import GatheredBatch


def show_batch(stack: RewardStack, batch: GatheredBatch, step: int, main: bool) -> dict[str, float]:
    """Show a batch to a reward; say so when the correlation of length and correctness turns.

    Args:
        stack: The reward.
        batch: The rollouts of all processes.
        step: Optimizer steps done.
        main: Whether this process speaks.

    Returns:
        What is logged: constraints, slacks and the correlation.
    """
    if stack.observe(batch.table, batch.groups, batch.terms, step) and main:
        print(f"[suffice] step {step}: {stack.trend.sentence()}", file=sys.stderr, flush=True)
    return stack.metrics()
