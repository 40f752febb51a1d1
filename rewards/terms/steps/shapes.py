"""From the price of a rollout's steps to its charge: straight, bounded, or among its group."""

from __future__ import annotations

from math import expm1
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Shape = Literal["linear", "clipped", "saturating", "z_score", "sigmoid"]
Deviation = Literal["sample", "population"]

RELATIVE: tuple[Shape, ...] = ("z_score", "sigmoid")
"""Shapes that compare the correct rollouts of a group."""
SCALED: tuple[Shape, ...] = ("clipped", "saturating")
"""Shapes that have a scale."""
EPSILON = 1e-6


def bounded(price: torch.Tensor, shape: Shape, scale: float) -> torch.Tensor:
    """The charge of shapes that look at one rollout, for prices of shape (B,)."""
    if shape == "clipped":
        return (price / scale).clamp(max=1.0)
    if shape == "saturating":
        return -(-price / scale).expm1()
    return price


def beyond(z: torch.Tensor, dead_band: float) -> torch.Tensor:
    """What of a z-score lies outside the dead band around 0, sign kept."""
    return z.sign() * (z.abs() - dead_band).clamp(min=0.0)


def extremes(shape: Shape, greatest: float, scale: float, limit: float) -> tuple[float, float]:
    """Least and greatest charge of a shape.

    Args:
        shape: The shape.
        greatest: Greatest price; may be infinite.
        scale: Of shapes that have one.
        limit: Greatest z-score either way.
    """
    if shape == "z_score":
        return -limit, limit
    if shape == "sigmoid":
        return 0.0, 1.0
    if shape == "clipped":
        return 0.0, min(greatest / scale, 1.0)
    if shape == "saturating":
        return 0.0, -expm1(-greatest / scale)
    return 0.0, greatest
