"""Sums per trace behind every metric, so that a bootstrap is one matrix product."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.evaluation.calibration import cross_fitted, log_loss
from tagger.evaluation.predictions import Predictions
from tagger.training.bins import bin_sums

Floats = NDArray[np.float64]


def trace_confusion(predictions: Predictions) -> Floats:
    """Steps of each trace by true and predicted type, (T, K, K)."""
    kinds = len(predictions.taxonomy.types)
    confusion = np.zeros((predictions.traces, kinds, kinds))
    np.add.at(confusion, (predictions.trace, predictions.true, predictions.predicted), 1)
    return confusion


def trace_sums(predictions: Predictions) -> tuple[dict[str, Floats], float]:
    """Sufficient statistics of each of T traces under K types.

    Args:
        predictions: On labelled steps.

    Returns:
        Arrays by name, and the temperature that would fit these steps best.

        * ``traces`` (T,): 1 each.
        * ``confusion`` (T, K, K): steps by true and predicted type.
        * ``second`` (T, K, K): steps by label and second label.
        * ``soft`` (T, K): summed probabilities.
        * ``error``, ``soft_error`` (T, K + 1): absolute error of the count, from predicted types
          and from summed probabilities; the last column is verification as a whole.
        * ``bins``, ``refitted`` (T, 15, 3): reliability, without and with a temperature fitted
          on the other half of the questions.
        * ``loss`` (T,): summed log loss.
        * ``plausible`` (T,): steps predicted as their label or its stated alternative.
        * ``keywords`` (T, L, 2, 2): is verification, by contains a keyword, for each list.
        * ``unmarked`` (T, 2): verification steps without any keyword, and those of them found.
    """
    kinds, traces, at = len(predictions.taxonomy.types), predictions.traces, predictions.trace
    confusion = trace_confusion(predictions)
    second = np.zeros((traces, kinds, kinds))
    doubly = predictions.second >= 0
    np.add.at(second, (at[doubly], predictions.true[doubly], predictions.second[doubly]), 1)
    soft = np.zeros((traces, kinds))
    np.add.at(soft, at, predictions.probabilities)
    truth, hard = confusion.sum(axis=2), confusion.sum(axis=1)
    correct = predictions.true == predictions.predicted
    refitted, temperature = cross_fitted(
        predictions.probabilities, predictions.true, predictions.fold[at]
    )
    checks, found = (
        predictions.verification[predictions.true],
        predictions.verification[predictions.predicted],
    )
    lists = predictions.keywords.shape[1]
    keywords = np.zeros((traces, lists, 2, 2))
    for i in range(lists):
        held = predictions.keywords[:, i].astype(np.int64)
        np.add.at(keywords[:, i], (at, checks.astype(np.int64), held), 1)
    unmarked = checks & ~predictions.marked

    def per_trace(values: NDArray[Any]) -> Floats:
        return np.bincount(at, weights=values, minlength=traces).astype(np.float64)

    return {
        "traces": np.ones(traces),
        "confusion": confusion,
        "second": second,
        "soft": soft,
        "error": _count_error(hard, truth, predictions.verification),
        "soft_error": _count_error(soft, truth, predictions.verification),
        "bins": bin_sums(
            _confidence(predictions.probabilities, predictions.predicted), correct, at, traces
        ),
        "refitted": bin_sums(_confidence(refitted, predictions.predicted), correct, at, traces),
        "loss": per_trace(log_loss(predictions.probabilities, predictions.true)),
        "plausible": per_trace(predictions.plausible),
        "keywords": keywords,
        "unmarked": np.stack([per_trace(unmarked), per_trace(unmarked & found)], axis=1),
    }, temperature


def _count_error(counted: Floats, truth: Floats, check: NDArray[np.bool_]) -> Floats:
    gap = counted - truth
    return np.asarray(np.abs(np.column_stack([gap, gap[:, check].sum(axis=1)])))


def _confidence(probabilities: Floats, predicted: NDArray[np.int64]) -> Floats:
    """Probability of the predicted type; with a logit bias it need not be the largest."""
    return np.asarray(probabilities[np.arange(len(predicted)), predicted])
