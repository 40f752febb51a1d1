"""The optimiser update that all epoch loops over pretrained networks share."""

from __future__ import annotations

import torch
from torch import nn

MAX_GRADIENT_NORM = 1.0


def update(net: nn.Module, optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Clip the gradients, take a step with scheduled learning rates, and clear the gradients.

    Args:
        net: The net; the norm is taken over all its parameters.
        optimizer: Each of its parameter groups holds its highest learning rate as ``rate``.
        factor: Share of the highest rates.
    """
    for group in optimizer.param_groups:
        group["lr"] = group["rate"] * factor
    nn.utils.clip_grad_norm_(net.parameters(), MAX_GRADIENT_NORM)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
