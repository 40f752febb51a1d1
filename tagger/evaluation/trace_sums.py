"""What each trace contributes to every figure, so that a bootstrap is one matrix product."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.evaluation.calibration import bin_sums, cross_fitted, log_loss
from tagger.evaluation.predictions import Judged

Floats = NDArray[np.float64]


def trace_confusion(judged: Judged) -> Floats:
    """Steps of each trace by true and given type, (T, K, K)."""
    kinds = len(judged.taxonomy.types)
    confusion = np.zeros((judged.traces, kinds, kinds))
    np.add.at(confusion, (judged.trace, judged.true, judged.given), 1)
    return confusion


def trace_sums(judged: Judged) -> tuple[dict[str, Floats], float]:
    """Sufficient statistics of each of T traces under K types.

    Args:
        judged: Labelled steps beside the tagger's answers.

    Returns:
        Arrays by name, and the temperature that would fit these steps best.

        * ``traces`` (T,): 1 each.
        * ``confusion`` (T, K, K): steps by true and given type.
        * ``second`` (T, K, K): steps by label and second label.
        * ``soft`` (T, K): summed probabilities.
        * ``error``, ``soft_error`` (T, K + 1): absolute error of the count, from given types and
          from summed probabilities; the last column is verification as a whole.
        * ``bins``, ``refitted`` (T, 15, 3): reliability, as it is and with a temperature fitted
          on the other half of the questions.
        * ``loss`` (T,): summed log loss.
        * ``plausible`` (T,): steps given their label or its stated alternative.
        * ``keywords`` (T, L, 2, 2): is verification by holds a keyword, for each list.
        * ``unmarked`` (T, 2): verification steps without any keyword, and those of them found.
    """
    kinds, traces, at = len(judged.taxonomy.types), judged.traces, judged.trace
    confusion = trace_confusion(judged)
    second = np.zeros((traces, kinds, kinds))
    doubly = judged.second >= 0
    np.add.at(second, (at[doubly], judged.true[doubly], judged.second[doubly]), 1)
    soft = np.zeros((traces, kinds))
    np.add.at(soft, at, judged.probabilities)
    truth, hard = confusion.sum(axis=2), confusion.sum(axis=1)
    right = judged.true == judged.given
    refitted, temperature = cross_fitted(judged.probabilities, judged.true, judged.fold[at])
    checks, found = judged.verification[judged.true], judged.verification[judged.given]
    lists = judged.keywords.shape[1]
    keywords = np.zeros((traces, lists, 2, 2))
    for i in range(lists):
        held = judged.keywords[:, i].astype(np.int64)
        np.add.at(keywords[:, i], (at, checks.astype(np.int64), held), 1)
    unmarked = checks & ~judged.marked

    def per_trace(values: NDArray[Any]) -> Floats:
        return np.bincount(at, weights=values, minlength=traces).astype(np.float64)

    return {
        "traces": np.ones(traces),
        "confusion": confusion,
        "second": second,
        "soft": soft,
        "error": _off(hard, truth, judged.verification),
        "soft_error": _off(soft, truth, judged.verification),
        "bins": bin_sums(_sure(judged.probabilities, judged.given), right, at, traces),
        "refitted": bin_sums(_sure(refitted, judged.given), right, at, traces),
        "loss": per_trace(log_loss(judged.probabilities, judged.true)),
        "plausible": per_trace(judged.plausible),
        "keywords": keywords,
        "unmarked": np.stack([per_trace(unmarked), per_trace(unmarked & found)], axis=1),
    }, temperature


def _off(counted: Floats, truth: Floats, check: NDArray[np.bool_]) -> Floats:
    gap = counted - truth
    return np.asarray(np.abs(np.column_stack([gap, gap[:, check].sum(axis=1)])))


def _sure(probabilities: Floats, given: NDArray[np.int64]) -> Floats:
    """Probability of the predicted type; with a logit bias it need not be the largest."""
    return np.asarray(probabilities[np.arange(len(given)), given])
