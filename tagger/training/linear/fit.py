"""Fitting of the linear tagger's weights to steps with soft targets."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.features.step_features import StepFeatures, TraceExtractor, fold
from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.errors import UserError
from tagger.training.soft_targets import TrainingTrace

_NEVER = -30.0  # bias of a type without examples: probability about 1e-13

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReadTrace:
    """A training trace as the tagger reads it.

    Attributes:
        features: Of each step.
        known: Whether a step has a target, (steps,).
        targets: Probability of each type at the steps that have one, (known steps, types).
        weight: What each of its steps counts in the loss.
    """

    features: list[StepFeatures]
    known: NDArray[np.bool_]
    targets: Floats
    weight: float


@dataclass(frozen=True)
class Penalty:
    """How a regression is fitted.

    Attributes:
        strength: Inverse of the L2 penalty.
        max_iterations: Of the optimiser (L-BFGS).
    """

    strength: float
    max_iterations: int


def with_features(
    traces: Iterable[TrainingTrace], settings: LinearSettings, weight: float
) -> list[ReadTrace]:
    """Extract the features of training traces, whose steps count `weight` each."""
    found = []
    for trace in traces:
        features = TraceExtractor(trace.question, settings.max_words).read_batch(trace.steps)
        known = trace.targets.sum(axis=1) > 0
        targets = trace.targets[known].astype(np.float64)
        targets /= targets.sum(axis=1, keepdims=True)
        found.append(ReadTrace(features, known, targets, weight))
    return found


def fit_words(
    traces: Sequence[ReadTrace], settings: LinearSettings, penalty: Penalty, keep: int | None
) -> LinearBackend:
    """Fit the weights of all features.

    Args:
        traces: What is learned.
        settings: What fixes the features.
        penalty: How.
        keep: How many buckets are kept, as of `LinearBackend.from_weights`.

    Raises:
        UserError: The targets name a single type.
    """
    steps = [step for trace in traces for step in compress(trace.features, trace.known)]
    matrix = _matrix(steps, settings)
    columns = np.unique(matrix.indices)
    found, bias = regress(matrix[:, columns], traces, penalty)
    weights = np.zeros((2**settings.bits, found.shape[1]))
    weights[columns] = found
    return LinearBackend.from_weights(settings, weights, bias, keep)


def regress(rows: Any, traces: Sequence[ReadTrace], penalty: Penalty) -> tuple[Floats, Floats]:
    """Multinomial logistic regression on soft targets.

    A step counts once for each type in its target, with the type's probability as its weight.

    Args:
        rows: Inputs of each step that has a target, (steps, inputs), dense or a scipy CSR matrix.
        traces: Their targets and weights.
        penalty: How.

    Returns:
        Weights (inputs, types) and biases (types,); a type without examples gets no weight and a
        bias with which it is never the likeliest.

    Raises:
        UserError: The targets name a single type.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    targets = np.concatenate([trace.targets for trace in traces])
    weights = np.repeat([t.weight for t in traces], [len(t.targets) for t in traces])
    steps, types = np.nonzero(targets)
    present = np.unique(types)
    if len(present) < 2:
        raise UserError("The labels name a single type; label steps of at least two types.")
    shares = targets[steps, types] * weights[steps]
    model = LogisticRegression(C=penalty.strength, max_iter=penalty.max_iterations, tol=1e-3)
    with warnings.catch_warnings():  # the penalty, not the last digit of the optimum, matters
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows[steps], types, sample_weight=shares)
    found, bias = model.coef_, model.intercept_
    if len(present) == 2:  # one row for two types: half of it each way
        found, bias = np.vstack([-found, found]) / 2, np.concatenate([-bias, bias]) / 2
    all_weights = np.zeros((rows.shape[1], targets.shape[1]))
    all_biases = np.full(targets.shape[1], _NEVER)
    all_weights[:, present] = found.T
    all_biases[present] = bias - bias.mean()
    return all_weights, all_biases


def _matrix(features: list[StepFeatures], settings: LinearSettings) -> Any:
    """Features of many steps as a scipy CSR matrix, (steps, 2**bits)."""
    from scipy.sparse import csr_matrix

    count, shape = len(features), (len(features), 2**settings.bits)
    folded = fold(features, settings.bits, settings.weights)
    edges = np.append(folded.starts, len(folded.buckets))
    total = csr_matrix(shape)
    for group, scale in enumerate(folded.scale[[0, 0, 1, 2]]):
        ends = edges[group * count : (group + 1) * count + 1]
        values = np.repeat(scale, np.diff(ends))
        buckets = folded.buckets[ends[0] : ends[-1]]
        total = total + csr_matrix((values, buckets, ends - ends[0]), shape=shape)
    return total
