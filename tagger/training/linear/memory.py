"""Fitting of what a linear tagger makes of the types of the last few steps."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tagger.backends.features.step_features import TraceExtractor
from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.backends.score_memory import SCALE, inputs, memory_arrays
from tagger.training.linear.fit import Penalty, Weighted, regress, rows_to_one


def fit_memory(
    backend: LinearBackend,
    settings: LinearSettings,
    traces: Iterable[Weighted],
    steps: int,
    penalty: Penalty,
) -> LinearBackend:
    """Give a linear back end a memory of the scores of the steps before.

    It is fitted to the scores of the very traces that the back end's weights were fitted to, which
    are surer than those of new traces; the temperature, set on others, makes up for that.

    Args:
        backend: With the weights of its features, and no memory.
        settings: What fixes these.
        traces: The traces, with a target for some step.
        steps: How many steps are remembered, at least 1.
        penalty: How.

    Raises:
        UserError: As `regress`.
    """
    seen, targets, weights = [], [], []
    begin = np.zeros((steps, backend.types))
    for trace, weight in traces:
        known = trace.targets.sum(axis=1) > 0
        if not any(known):
            continue
        reader = TraceExtractor(trace.question, settings.max_words)
        scores = backend.own_scores(reader.read_batch(trace.steps))
        seen.append(inputs(scores, begin)[0][known] / SCALE)
        targets.append(trace.targets[known])
        weights.append(np.full(int(known.sum()), weight))
    exact = rows_to_one(np.concatenate(targets))
    rows = np.concatenate(seen)
    rows[:, np.flatnonzero(~exact.any(axis=0))] = 0.0  # scores of types without an example
    return backend.with_memory(
        memory_arrays(*regress(rows, exact, np.concatenate(weights), penalty))
    )
