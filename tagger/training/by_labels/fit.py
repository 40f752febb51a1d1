"""Temperature and biases of types, from scores of labelled steps.

A temperature for the probabilities (Guo et al. 2017, arXiv 1706.04599), then a bias for each type
with which it is predicted about as often as it is true (prior correction of Saerens et al. 2002,
Neural Computation 14(1), by counts of predictions).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tagger.backends.softmax import softmax
from tagger.training.calibration import COUNT_TOLERANCE, TEMPERATURES

LEAST_LABELS = 30
"""Labels of a type below which it gets no bias, and of all types that a half of the questions, or
the calibration of an ensemble, must have."""

_ROUNDS, _LIMIT = 300, 6.0
_SMALLEST = 1e-12

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def log_probabilities(logits: Floats, temperature: float, onto: Floats) -> Floats:
    """Logarithms of the probabilities of mapped types, (steps, types).

    Args:
        logits: Of the tagger's own types, (steps, own types).
        temperature: Logits are divided by it.
        onto: 1 where an own type becomes a type, (own types, types).
    """
    return np.log(np.maximum(softmax(logits / temperature) @ onto, _SMALLEST))


def unit_temperature(logits: Floats, types: Ints, onto: Floats) -> float:
    """The temperature with the smallest mean log loss of the mapped types.

    Args:
        logits: Of the tagger's own types, (steps, own types).
        types: True type of each step, (steps,), of the taxonomy mapped onto.
        onto: 1 where an own type becomes a type, (own types, types).
    """
    rows = np.arange(len(types))
    losses = [-log_probabilities(logits, t, onto)[rows, types].mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def count_biases(
    scores: Floats,
    types: Ints,
    tolerance: float = COUNT_TOLERANCE,
    among: Sequence[int] | None = None,
    centred: bool = True,
) -> Floats:
    """Find a bias for each type with which its count is about as labelled.

    Args:
        scores: Logarithm of each type's probability, (steps, types).
        types: True type of each step, (steps,).
        tolerance: Relative error allowed for a count.
        among: Types that may get a bias, whose counts alone are looked at; None for all.
        centred: The biases sum to 0, so that types without one stay where they are among the
            others.

    Returns:
        What to add to the scores, (types,), in [-6, 6]; 0 for types with fewer than
        `LEAST_LABELS` labels. Of the biases tried the one whose worst count is best, the smallest
        change first: none where all counts are within the tolerance without.
    """
    wanted = np.bincount(types, minlength=scores.shape[1]).astype(float)
    counted = wanted >= LEAST_LABELS
    if among is not None:
        counted &= np.isin(np.arange(len(wanted)), among)
    bias = best = np.zeros(scores.shape[1])
    least = np.inf
    for round_ in range(_ROUNDS):
        found = np.bincount((scores + bias).argmax(axis=1), minlength=len(wanted))
        errors = np.abs(found - wanted)[counted] / wanted[counted]
        worst = float(errors.max(initial=0.0))
        if worst < least:
            best, least = bias, worst
        if worst <= tolerance:
            break
        step = 0.5 / (1 + round_ / 30)
        move = np.where(counted, np.log((wanted + 1) / (found + 1)), 0.0)
        bias = bias + step * move
        if centred:
            bias = bias - bias[counted].mean() * counted
        bias = np.clip(bias, -_LIMIT, _LIMIT)
    return np.where(counted, best, 0.0)
