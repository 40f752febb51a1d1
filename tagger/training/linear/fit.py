"""Fitting of the linear tagger's weights to steps with soft targets."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.features.step_features import StepFeatures, TraceExtractor, fold
from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.errors import UserError
from tagger.training.soft_targets import TrainingTrace

_NEVER = -30.0  # bias of a type without examples: probability about 1e-13

Floats = NDArray[np.float64]
Weighted = tuple[TrainingTrace, float]
"""A trace and what each of its steps counts in the loss."""


@dataclass(frozen=True)
class Examples:
    """Steps with a target.

    Attributes:
        features: Of each step.
        targets: Probability of each type, (steps, types).
        weights: What a step counts in the loss, (steps,).
    """

    features: list[StepFeatures]
    targets: Floats
    weights: Floats


@dataclass(frozen=True)
class Penalty:
    """How a regression is fitted.

    Attributes:
        strength: Inverse of the L2 penalty.
        max_iterations: Of the optimiser (L-BFGS).
    """

    strength: float
    max_iterations: int


def joined(first: Examples, second: Examples) -> Examples:
    """The examples of both, in order."""
    return Examples(
        first.features + second.features,
        np.concatenate([first.targets, second.targets]),
        np.concatenate([first.weights, second.weights]),
    )


def read_examples(traces: Iterable[Weighted], settings: LinearSettings, types: int) -> Examples:
    """Extract the features of the steps that have a target.

    Args:
        traces: The traces.
        settings: What fixes the features.
        types: How many there are.
    """
    features: list[StepFeatures] = []
    targets: list[NDArray[np.float32]] = [np.zeros((0, types), dtype=np.float32)]
    weights: list[Floats] = [np.zeros(0)]
    for trace, weight in traces:
        seen = TraceExtractor(trace.question, settings.max_words).read_batch(trace.steps)
        known = trace.targets.sum(axis=1) > 0
        features += [step for step, is_known in zip(seen, known, strict=True) if is_known]
        targets.append(trace.targets[known])
        weights.append(np.full(int(known.sum()), weight))
    return Examples(features, rows_to_one(np.concatenate(targets)), np.concatenate(weights))


def rows_to_one(targets: NDArray[np.float32]) -> Floats:
    """Targets whose rows sum to 1, (steps, types)."""
    exact = targets.astype(np.float64)
    scaled: Floats = exact / exact.sum(axis=1, keepdims=True)
    return scaled


def fit_words(
    examples: Examples, settings: LinearSettings, penalty: Penalty, keep: int | None
) -> LinearBackend:
    """Fit the weights of all features.

    Args:
        examples: What is learned.
        settings: What fixes the features.
        penalty: How.
        keep: How many buckets are kept, as of `LinearBackend.from_weights`.

    Raises:
        UserError: The targets name a single type.
    """
    matrix = _matrix(examples.features, settings)
    columns = np.unique(matrix.indices)
    found, bias = regress(matrix[:, columns], examples.targets, examples.weights, penalty)
    weights = np.zeros((2**settings.bits, found.shape[1]))
    weights[columns] = found
    return LinearBackend.from_weights(settings, weights, bias, keep)


def regress(rows: Any, targets: Floats, weights: Floats, penalty: Penalty) -> tuple[Floats, Floats]:
    """Multinomial logistic regression on soft targets.

    A step counts once for each type in its target, with the type's probability as its weight.

    Args:
        rows: Inputs of each step, (steps, inputs), dense or a scipy CSR matrix.
        targets: Probability of each type, (steps, types).
        weights: What a step counts in the loss, (steps,).
        penalty: How.

    Returns:
        Weights (inputs, types) and biases (types,); a type without examples gets no weight and a
        bias with which it is never the likeliest.

    Raises:
        UserError: The targets name a single type.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

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
