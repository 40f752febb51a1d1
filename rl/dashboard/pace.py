"""How long a run takes: steps planned, seconds a step, time left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

RECENT = 20
"""Logged steps that the pace is taken from."""


def planned_steps(config: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> int | None:
    """Optimizer steps that a run will make.

    Args:
        config: The run's config; ``grpo.max_steps`` says it, or ``grpo.num_train_epochs`` together
            with the epoch that a row has reached.
        rows: Its metrics.

    Returns:
        None while it cannot be told.
    """
    grpo = config.get("grpo") or {}
    steps = grpo.get("max_steps")
    if isinstance(steps, int) and steps > 0:
        return steps
    epoch = rows[-1].get("epoch") if rows else None
    if not isinstance(epoch, int | float) or epoch <= 0:
        return None
    return max(
        int(rows[-1]["step"]),
        round(float(grpo.get("num_train_epochs", 3)) * rows[-1]["step"] / epoch),
    )


def seconds_a_step(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Median of TRL's ``step_time`` over the last `RECENT` rows; None before the first."""
    times = [row["step_time"] for row in rows[-RECENT:] if row.get("step_time") is not None]
    return float(median(times)) if times else None


def seconds_left(done: int, planned: int | None, seconds: float | None) -> float | None:
    """Time that the remaining steps take at this pace; evaluations and saving are left out."""
    return None if planned is None or seconds is None else max(0, planned - done) * seconds


def duration(seconds: float | None) -> str:
    """A time for people: ``45 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
