"""Temperatures that fit labelled steps, and the log loss (the bins: `tagger.training.bins`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagger.backends.softmax import softmax
from tagger.training.calibration import best_temperature

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_TEMPERATURES = np.exp2(np.linspace(-3, 4, 113))
_SMALLEST = 1e-12


def tempered(probabilities: Floats, temperature: float) -> Floats:
    """Probabilities (N, K) after their log is divided by a temperature; order is kept."""
    return softmax(np.log(np.maximum(probabilities, _SMALLEST)) / temperature)


def log_loss(probabilities: Floats, true: Ints) -> Floats:
    """Negative log-probability of the true type, each step, (N,)."""
    return -np.log(np.maximum(probabilities[np.arange(len(true)), true], _SMALLEST))


def fit_temperature(probabilities: Floats, true: Ints) -> float:
    """Temperature with the smallest mean log loss, of 113 between 1/8 and 16; above 1 softens."""
    return best_temperature(np.log(np.maximum(probabilities, _SMALLEST)), true, _TEMPERATURES)


def cross_fitted(probabilities: Floats, true: Ints, half: Ints) -> tuple[Floats, float]:
    """Temper each half of the steps by the temperature of the other half.

    Args:
        probabilities: (N, K).
        true: (N,).
        half: 0 or 1, (N,); steps of one question share a half.

    Returns:
        The tempered probabilities, as they are where a half is empty, and the temperature that
        fits all steps.
    """
    out = probabilities.copy()
    for side in (0, 1):
        mine, others = half == side, half != side
        if mine.any() and others.any():
            out[mine] = tempered(
                probabilities[mine], fit_temperature(probabilities[others], true[others])
            )
    return out, fit_temperature(probabilities, true)
