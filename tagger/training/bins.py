"""Expected calibration error of the confidence, from sums by bins of it.

As in Guo et al., "On Calibration of Modern Neural Networks" (2017, arXiv 1706.04599): equal-width
bins of the confidence of the predicted type.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BINS = 15


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
    """Expected calibration error from sums (..., 15, 3): mean gap, weighted by steps.

    NaN where there are none.
    """
    gap, steps = np.abs(bins[..., 1] - bins[..., 2]).sum(axis=-1), bins[..., 0].sum(axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray(gap / steps)
