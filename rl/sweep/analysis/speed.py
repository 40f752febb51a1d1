"""How soon a training saves tokens: the step at which its rollouts are shorter by a share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rl.training.run_folder import logged_rows

WINDOW = 10
"""Steps that are averaged, for the mean of one batch is noisy."""
_TOKENS = "facts/tokens"


def read_tokens(metrics: Path) -> dict[int, float]:
    """Mean tokens of a training's rollouts by step; of a step that was repeated the last ones."""
    rows = logged_rows(metrics)
    return {row["step"]: row[_TOKENS] for row in rows if row.get(_TOKENS) is not None}


def first_tokens(trainings: Sequence[Mapping[int, float]]) -> float | None:
    """Mean tokens at the first step, where every policy is still base; None without trainings."""
    firsts = [tokens[min(tokens)] for tokens in trainings if tokens]
    return sum(firsts) / len(firsts) if firsts else None


def steps_to_saving(tokens: Mapping[int, float], before: float, saving: float) -> int | None:
    """The first step at which the mean of the last `WINDOW` steps is down by a share.

    Args:
        tokens: Mean tokens by step.
        before: Mean tokens of base.
        saving: The share.

    Returns:
        The step; None if it is never reached, or there are fewer steps than the window.
    """
    for step, mean in _running(tokens):
        if mean <= before * (1 - saving):
            return step
    return None


def _running(tokens: Mapping[int, float]) -> Iterator[tuple[int, float]]:
    steps = sorted(tokens)
    for end in range(WINDOW, len(steps) + 1):
        part = steps[end - WINDOW : end]
        yield part[-1], sum(tokens[step] for step in part) / WINDOW
