"""The temperature that makes a tagger's probabilities honest.

Source: Guo et al. 2017, arXiv 1706.04599, section 4.2 (temperature scaling).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tagger.data import LabelledTrace
from tagger.frozen import Backend, FrozenTagger
from tagger.taxonomy import Taxonomy


def best_temperature(logits: NDArray[np.float64], types: NDArray[np.int64]) -> float:
    """Find the temperature with the smallest mean negative log-likelihood.

    Args:
        logits: (steps, types).
        types: True type of each step, (steps,).

    Returns:
        One of 65 values between 1/4 and 4.
    """
    candidates = np.exp2(np.linspace(-2, 2, 65))
    losses = []
    for temperature in candidates:
        z = logits / temperature
        top = z.max(axis=1)
        log_sum = np.log(np.exp(z - top[:, None]).sum(axis=1)) + top
        losses.append(float((log_sum - z[np.arange(len(z)), types]).mean()))
    return float(candidates[int(np.argmin(losses))])


def scores_of_labels(
    backend: Backend, traces: Sequence[LabelledTrace], taxonomy: Taxonomy
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Score the labelled steps of traces, each read from its first step on.

    Args:
        backend: The classifier.
        traces: Labelled traces.
        taxonomy: Order of the types.

    Returns:
        Logits (labels, types) and true types (labels,), trace by trace, by index of the step.
    """
    seen, types = [], []
    for trace in traces:
        reader = backend.start(trace.question)
        for index in range(max(trace.labels, default=-1) + 1):
            read = reader.read(trace.steps[index])
            if index in trace.labels:
                seen.append(read)
                types.append(taxonomy.index(trace.labels[index]))
    return backend.logits(seen), np.array(types, dtype=np.int64)


def calibrate(tagger: FrozenTagger, traces: Sequence[LabelledTrace]) -> FrozenTagger:
    """Give a tagger the temperature that fits labelled traces it was not trained on."""
    logits, types = scores_of_labels(tagger.backend, traces, tagger.taxonomy)
    temperature = best_temperature(logits, types)
    return FrozenTagger(
        tagger.taxonomy, tagger.segmenter, tagger.backend, temperature, tagger.about
    )
