"""Temperature and biases of types, from scores of labelled steps.

A temperature for the probabilities (Guo et al. 2017, arXiv 1706.04599), on steps of another kind
with a bias of each type in them (bias-corrected temperature scaling, Alexandari et al. 2020, arXiv
1901.06852); then a bias for each type with which it is predicted about as often as it is true
(prior correction of Saerens et al. 2002, Neural Computation 14(1), by counts of predictions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.backends.softmax import softmax
from tagger.errors import UserError
from tagger.traces.labelled import LabelledTrace
from tagger.training.calibration import COUNT_TOLERANCE, TEMPERATURES

LEAST_LABELS = 30
"""Labels of a type below which it gets no bias, and of all types that a half of the questions, or
the calibration of an ensemble, must have."""

_ROUNDS, _LIMIT = 300, 6.0
_SMALLEST = 1e-12
_NEWTON, _FINE = 50, 1e-6  # steps at most, and what ends them

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """What labels set.

    Attributes:
        temperature: Logits are divided by it.
        probability_bias: Added to the logarithm of each type's probability, (types,).
        logit_bias: Added when a type is predicted, (types,).
    """

    temperature: float
    probability_bias: Floats
    logit_bias: Floats


def refuse_single_type(traces: Iterable[LabelledTrace]) -> None:
    """Refuse labels of one type alone: with these, every step would be predicted to be of it.

    Raises:
        UserError: All labels name the same type.
    """
    if len({label for trace in traces for label in trace.labels.values()}) == 1:
        raise UserError(
            "The labels name a single type, by which no probability can be set right; label steps "
            "of at least two types."
        )


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


def moved(scores: Floats, bias: Floats) -> Floats:
    """Logarithms of probabilities with a bias added, (steps, types), that sum to 1 again."""
    values = scores + bias
    values = values - values.max(axis=1, keepdims=True)
    return np.asarray(values - np.log(np.exp(values).sum(axis=1, keepdims=True)))


def probability_biases(scores: Floats, types: Ints) -> tuple[Floats, float]:
    """The bias of each type with the smallest log loss, by Newton's method (it is convex).

    Args:
        scores: Logarithm of each type's probability, (steps, types).
        types: True type of each step, (steps,).

    Returns:
        What to add to the scores, (types,), and the mean loss. Half the square of each bias is
        added to the sum of the losses (a normal prior of variance 1), so that a type without
        labels keeps a probability.
    """
    rows, wanted = np.arange(len(types)), np.bincount(types, minlength=scores.shape[1])

    def loss_of(bias: Floats) -> float:
        return float(bias @ bias / 2 - moved(scores, bias)[rows, types].sum())

    bias = np.zeros(scores.shape[1])
    loss = loss_of(bias)
    for _ in range(_NEWTON):
        p = np.exp(moved(scores, bias))
        slope = p.sum(axis=0) - wanted + bias
        curve = np.diag(p.sum(axis=0) + 1) - p.T @ p
        step, less = np.linalg.solve(curve, slope), np.inf
        while (less := loss_of(bias - step)) > loss and np.abs(step).max() > _FINE:
            step = step / 2
        if loss - less < _FINE:
            break
        bias, loss = bias - step, less
    return bias, loss / len(types)


def moved_temperature(logits: Floats, types: Ints, onto: Floats) -> tuple[float, Floats]:
    """The temperature and the biases of probabilities with the smallest log loss together.

    Args:
        logits: Of the tagger's own types, (steps, own types).
        types: True type of each step, (steps,), of the taxonomy mapped onto.
        onto: 1 where an own type becomes a type, (own types, types).

    Returns:
        The temperature and the biases, (types,).
    """
    found = [probability_biases(log_probabilities(logits, t, onto), types) for t in TEMPERATURES]
    best = int(np.argmin([loss for _, loss in found]))
    return float(TEMPERATURES[best]), found[best][0]


def count_biases(
    scores: Floats,
    types: Ints,
    tolerance: float = COUNT_TOLERANCE,
    among: Sequence[int] | None = None,
    centred: bool = True,
    samples: Ints | None = None,
) -> Floats:
    """Find a bias for each type with which its count is about as labelled.

    Args:
        scores: Logarithm of each type's probability, (steps, types).
        types: True type of each step, (steps,).
        tolerance: Relative error allowed for a count.
        among: Types that may get a bias, whose counts alone are looked at; None for all.
        centred: The biases sum to 0, so that types without one stay where they are among the
            others.
        samples: Which sample of labels each step is of, (steps,), from 0. Where each has
            `LEAST_LABELS` of a type, the samples count alike, however large: the type's count is
            the mean of theirs as shares of what is labelled. None for a single one.

    Returns:
        What to add to the scores, (types,), in [-6, 6]; 0 for types with fewer than
        `LEAST_LABELS` labels. Of the biases tried the one whose worst count is best, the smallest
        change first: none where all counts are within the tolerance without.
    """
    samples = np.zeros(len(types), dtype=np.int64) if samples is None else samples
    wanted = _counts(types, samples, scores.shape[1])
    alike = np.asarray((wanted >= LEAST_LABELS).all(axis=0))
    counted = wanted.sum(axis=0) >= LEAST_LABELS
    if among is not None:
        counted &= np.isin(np.arange(len(counted)), among)
    bias = best = np.zeros(scores.shape[1])
    least = np.inf
    for round_ in range(_ROUNDS):
        found = _counts((scores + bias).argmax(axis=1), samples, scores.shape[1])
        errors = np.abs(_over(found - wanted, np.maximum(wanted, 1), alike))
        worst = float(errors[counted].max(initial=0.0))
        if worst < least:
            best, least = bias, worst
        if worst <= tolerance:
            break
        step = 0.5 / (1 + round_ / 30)
        ratio = np.where(counted, _over(found + 1, wanted + 1, alike), 1.0)
        bias = bias - step * np.log(ratio)
        if centred:
            bias = bias - bias[counted].mean() * counted
        bias = np.clip(bias, -_LIMIT, _LIMIT)
    return np.where(counted, best, 0.0)


def _counts(types: Ints, samples: Ints, kinds: int) -> Floats:
    """How many steps of each sample have each type, (samples, types)."""
    found = np.zeros((int(samples.max(initial=0)) + 1, kinds))
    np.add.at(found, (samples, types), 1.0)
    return found


def _over(part: Floats, whole: Floats, alike: NDArray[np.bool_]) -> Floats:
    """Part by whole of each type, both (samples, types).

    The mean of the samples' where they count alike, else that of their sums.
    """
    pooled = part.sum(axis=0) / whole.sum(axis=0)
    return np.asarray(np.where(alike, (part / whole).mean(axis=0), pooled))
