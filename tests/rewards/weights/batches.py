"""What controllers are shown, written by hand."""

from __future__ import annotations

from typing import Any

from rewards.weights import Batch


def batch(step: int = 0, **facts: Any) -> Batch:
    """A batch of rollouts, 90 % of them correct, of 100 tokens, unless `facts` say otherwise."""
    usual = {"accuracy": 0.9, "error": 0.03, "tokens": 100.0, "tokens_correct": 90.0}
    return Batch(step, **{**usual, **facts})


LONGER = {"correlation": 0.3, "correlation_error": 0.1}
"""Longer rollouts are the correct ones."""
