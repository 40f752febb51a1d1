"""What the types of the last few steps say of the next: a small second layer over scores.

A sparse linear tagger sees the words of a step and of the one before it, but not what those steps
were. Here a step's own scores and the probabilities of the types of the steps before it, as their
own words give them, are weighed once more (stacked generalisation, Wolpert 1992, over neighbours).

All sums are over whole numbers below 2**53, which floating point adds exactly in any order: a
step's scores depend on nothing but the step and what came before it, not on the batch around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.softmax import softmax

NAMES = ("memory.bias", "memory.rows", "memory.unit")
"""Names of its arrays in a tagger's folder."""

SCALE = 1024
"""Scores and probabilities are rounded to multiples of 1 / 1024."""
_LARGEST = 2**15 - 1

Floats = NDArray[np.float64]


class ScoreMemory:
    """Weighs a step's scores and the types of the steps before it.

    Args:
        arrays: ``memory.rows`` (types * (1 + steps), types) int16, in units of ``memory.unit``
            (1,): the weight of each score, then of each type of the step before, and so on back;
            ``memory.bias`` (types,).
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._rows = arrays["memory.rows"].astype(np.float64)
        self._unit = float(arrays["memory.unit"][0]) / SCALE
        self._bias = arrays["memory.bias"]
        self._types = len(self._bias)
        self._steps = len(self._rows) // self._types - 1

    def begin(self) -> Floats:
        """What is remembered before the first step: nothing, (steps, types)."""
        return np.zeros((self._steps, self._types))

    def weigh(self, scores: Floats, before: Floats) -> tuple[Floats, Floats]:
        """Weigh the scores of the next steps of a trace.

        Args:
            scores: Of each step by its own words, (n, types), n at least 1.
            before: What is remembered of the steps before them, as `begin` or this returned it.

        Returns:
            The new scores, (n, types), and what is remembered after them.
        """
        seen, after = inputs(scores, before)
        weighed: Floats = self._bias + self._unit * (seen @ self._rows)
        return weighed, after


def inputs(scores: Floats, before: Floats) -> tuple[Floats, Floats]:
    """What is weighed of the next steps of a trace, as multiples of 1 / 1024.

    Args:
        scores: Of each step by its own words, (n, types), n at least 1.
        before: Probabilities of the steps before them, the latest last, (steps, types).

    Returns:
        Each step's scores, then the probabilities of the steps before it, the latest first,
        (n, types * (1 + steps)); and `before` of the step after them.
    """
    (count, types), back = scores.shape, len(before)
    known = np.empty((back + count, types))
    known[:back] = before
    np.rint(SCALE * softmax(scores), out=known[back:])
    seen = np.empty((count, types * (1 + back)))
    np.rint(SCALE * scores, out=seen[:, :types])
    for n in range(1, back + 1):
        seen[:, n * types : (n + 1) * types] = known[back - n : back - n + count]
    return seen, known[count:].copy()  # a view would keep all of them


def memory_arrays(weights: Floats, bias: Floats) -> dict[str, NDArray[Any]]:
    """The arrays of a memory, its weights rounded by at most half of max|weight| / 32767.

    Args:
        weights: Of scores and probabilities, (types * (1 + steps), types).
        bias: (types,).
    """
    unit = max(float(np.abs(weights).max()), 1e-12) / _LARGEST
    return {
        "memory.bias": bias.astype(np.float64),
        "memory.rows": np.rint(weights / unit).astype(np.int16),
        "memory.unit": np.array([unit]),
    }


def is_memory(arrays: Mapping[str, NDArray[Any]], types: int) -> bool:
    """Whether arrays are those of a memory of so many types."""
    if any(name not in arrays for name in NAMES):
        return False
    rows = arrays["memory.rows"]
    return (
        rows.ndim == 2
        and rows.shape[1] == types
        and len(rows) % types == 0
        and len(rows) >= 2 * types
        and arrays["memory.bias"].shape == (types,)
        and arrays["memory.unit"].shape == (1,)
    )
