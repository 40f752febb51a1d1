"""What a training run shows of its own rollouts, and what it does not: sentences for the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WINDOW = 10
"""Logged steps at either end whose means are compared."""
ERRORS = 2.0
"""Standard errors a difference must reach to be called a change."""

FIGURES = (
    ("The share of correct rollouts", "facts/correct"),
    ("The number of tokens", "facts/tokens"),
    ("The number of verification steps", "facts/count/VERIFY"),
)


def shown_by_run(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what the logged steps show.

    The means of the first and the last `WINDOW` steps are compared; a difference below two
    standard errors, computed from the spread between steps, is no change that can be told.

    Args:
        rows: The rows of the metrics file.

    Returns:
        One sentence a figure, one on groups without spread, and one on what training rollouts
        cannot show.
    """
    sentences = []
    if len(rows) < 2 * WINDOW:
        sentences.append(
            f"The run logged {len(rows)} steps; fewer than {2 * WINDOW} show no change."
        )
    else:
        for name, key in FIGURES:
            values = [float(row[key]) for row in rows if row.get(key) is not None]
            if len(values) >= 2 * WINDOW:
                sentences.append(f"{name} {_change(values[:WINDOW], values[-WINDOW:])}.")
    flat = [float(row["signal/equal_rewards"]) for row in rows if "signal/equal_rewards" in row]
    if flat:
        share = sum(flat) / len(flat)
        sentences.append(
            f"In {share:.0%} of the groups all rewards were equal, which gives no gradient."
        )
    sentences.append(
        "Whether it verifies less and answers as well on problems it was not trained on, these"
        " rollouts do not show; `suffice compare` measures it."
    )
    return sentences


def _change(first: Sequence[float], last: Sequence[float]) -> str:
    before, after = _mean(first), _mean(last)
    error = ((_variance(first) / len(first)) + (_variance(last) / len(last))) ** 0.5
    moved = f"from {before:.3f} to {after:.3f} ({ERRORS:.0f} standard errors: {ERRORS * error:.3f})"
    if abs(after - before) <= ERRORS * error:
        return f"did not change by more than its spread between steps: {moved}"
    return f"{'rose' if after > before else 'fell'} {moved}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    mean = _mean(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)
