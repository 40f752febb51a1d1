"""Headline metrics: micro-F1 and verification F1, over all traces and over each resample."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagger.evaluation import measures
from tagger.evaluation.bootstrap import RESAMPLES, draw_weights, resampled_sums
from tagger.evaluation.predictions import Predictions
from tagger.evaluation.trace_sums import trace_confusion

Floats = NDArray[np.float64]


class Headline(NamedTuple):
    """Draws of both metrics, (1 + resamples,) each, the first over all traces.

    `verification_f1` is None where the taxonomy has no verification type.
    """

    micro_f1: Floats
    verification_f1: Floats | None


def headline(predictions: Predictions, seed: int = 0, resamples: int = RESAMPLES) -> Headline:
    """Score predictions by the two metrics that tables of taggers show."""
    weights = draw_weights(predictions.traces, seed, resamples)
    sums = resampled_sums({"confusion": trace_confusion(predictions)}, weights)["confusion"]
    check = predictions.verification
    f1 = measures.one_against_rest(sums, check).f1 if check.any() else None
    return Headline(measures.micro_f1(sums), f1)
