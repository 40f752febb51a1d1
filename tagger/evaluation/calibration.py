"""Calibration of the confidence.

Expected calibration error as in Guo et al., "On Calibration of Modern Neural Networks" (2017):
equal-width bins of the confidence of the predicted type.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tagger.backends.softmax import softmax
from tagger.evaluation.measures import ratio
from tagger.training.calibration import best_temperature

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BINS = 15
_TEMPERATURES = np.exp2(np.linspace(-3, 4, 113))
_SMALLEST = 1e-12


def bin_of(confidence: Floats) -> Ints:
    """Bin of each confidence, ``(b / 15, (b + 1) / 15]``; 0 belongs to the first."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def bin_sums(confidence: Floats, correct: NDArray[np.bool_], trace: Ints, traces: int) -> Floats:
    """Steps, correct steps and sum of confidence, by trace and bin: (traces, 15, 3)."""
    out = np.zeros((traces, BINS, 3))
    values = np.stack([np.ones(len(correct)), correct.astype(np.float64), confidence], axis=1)
    np.add.at(out, (trace, bin_of(confidence)), values)
    return out


def ece(bins: Floats) -> Floats:
    """Expected calibration error from sums (..., 15, 3): mean gap, weighted by steps."""
    gap = np.abs(bins[..., 1] - bins[..., 2]).sum(axis=-1)
    return ratio(gap, bins[..., 0].sum(axis=-1))


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
