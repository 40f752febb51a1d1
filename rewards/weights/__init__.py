"""Weights of reward terms over the steps of a run.

A weight is a number, a schedule (`rewards.weights.schedules`) or a controller that follows what the
run shows (`rewards.weights.control`).
"""

from rewards.weights.base import (
    Constraint,
    Finite,
    LearningController,
    Site,
    WeightController,
    acts,
)
from rewards.weights.observation import Batch, Evaluated, summarize
from rewards.weights.registry import CONTROLLERS, build_weight
from rewards.weights.schedules.constant import ConstantWeight
from rewards.weights.schedules.cosine import CosineWeight
from rewards.weights.schedules.linear import LinearWeight

__all__ = [
    "CONTROLLERS",
    "Batch",
    "ConstantWeight",
    "Constraint",
    "CosineWeight",
    "Evaluated",
    "Finite",
    "LearningController",
    "LinearWeight",
    "Site",
    "WeightController",
    "acts",
    "build_weight",
    "summarize",
]
