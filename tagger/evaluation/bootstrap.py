"""Intervals by bootstrap over traces, from sums that each trace contributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; None where it is not defined.

    Attributes:
        mean: The figure over all traces.
        low: 2.5 % quantile over the resamples.
        high: 97.5 % quantile over the resamples.
    """

    mean: float | None
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, float | None]:
        """JSON-able form."""
        return asdict(self)


def draw_weights(traces: int, seed: int = 0, resamples: int = RESAMPLES) -> Floats:
    """How often each trace counts: (1 + resamples, traces); the first row is all ones.

    Each other row is one draw of as many traces, with replacement; rows sum to `traces`.
    """
    rng = np.random.default_rng([seed, traces])
    drawn = rng.integers(0, traces, size=(resamples, traces))
    flat = (drawn + np.arange(resamples)[:, None] * traces).ravel()
    counts = np.bincount(flat, minlength=resamples * traces).reshape(resamples, traces)
    return np.vstack([np.ones((1, traces)), counts])


def resampled_sums(per_trace: Mapping[str, Floats], weights: Floats) -> dict[str, Floats]:
    """Sums over all traces, then over each resample.

    Args:
        per_trace: What each trace contributes, (traces, ...), by name.
        weights: From `draw_weights`, (draws, traces).

    Returns:
        The same names, (draws, ...).
    """
    return {
        name: (weights @ array.reshape(len(array), -1)).reshape(len(weights), *array.shape[1:])
        for name, array in per_trace.items()
    }


def centred(values: Floats) -> Floats:
    """Move the draws of a figure that resampling inflates onto the figure itself.

    A mean of absolute gaps only grows when noise is added, and a resample adds noise: the plain
    quantiles of an ECE may all lie above it.

    Args:
        values: (draws,), the first over all traces; not negative.

    Returns:
        The same with the draws' median moved onto the first, none below 0.
    """
    if len(values) < 2 or not np.isfinite(values[1:]).any():
        return values
    shift = np.nanmedian(values[1:]) - values[0]
    return np.concatenate([values[:1], np.maximum(values[1:] - shift, 0.0)])


def estimate(values: Floats, traces: int) -> Estimate:
    """Figure and interval from its value over all traces and over each resample.

    Args:
        values: (draws,), the first over all traces. NaN where a resample does not define it;
            such resamples are left out.
        traces: How many traces there are; a single one bears no interval.

    Returns:
        The estimate.
    """
    point, draws = float(values[0]), values[1:][np.isfinite(values[1:])]
    if not np.isfinite(point):
        return Estimate(None, None, None)
    if traces < 2 or not len(draws):
        return Estimate(round(point, 6), None, None)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(round(point, 6), round(float(low), 6), round(float(high), 6))
