"""Fitting of what a linear tagger makes of the types of the last few steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tagger.backends.linear import LinearBackend
from tagger.backends.score_memory import SCALE, inputs, memory_arrays
from tagger.training.linear.fit import Penalty, ReadTrace, regress


def fit_memory(
    backend: LinearBackend, traces: Sequence[ReadTrace], steps: int, penalty: Penalty
) -> LinearBackend:
    """Give a linear back end a memory of the scores of the steps before.

    It is fitted to the scores of the very traces that the back end's weights were fitted to, which
    are surer than those of new traces; the temperature, set on others, makes up for that.

    Args:
        backend: With the weights of its features, and no memory.
        traces: The traces, with a target for some step.
        steps: How many steps are remembered, at least 1.
        penalty: How.

    Raises:
        UserError: As `regress`.
    """
    begin = np.zeros((steps, backend.types))
    learned = [trace for trace in traces if any(trace.known)]
    rows = np.concatenate(
        [inputs(backend.own_scores(t.features), begin)[0][t.known] / SCALE for t in learned]
    )
    present = np.any([trace.targets.any(axis=0) for trace in learned], axis=0)
    rows[:, np.flatnonzero(~present)] = 0.0  # scores of types without an example
    return backend.with_memory(memory_arrays(*regress(rows, learned, penalty)))
