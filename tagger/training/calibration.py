"""Calibration on held-out steps: temperature for probabilities, logit bias for counts.

Source of the first: Guo et al. 2017, arXiv 1706.04599, section 4.2 (temperature scaling). The
second is a prior correction of one type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.base import Backend, BatchScorer
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.scores import Scores, score_types

COUNTED = "VERIFY"
"""Tag of the type whose count is corrected, where a taxonomy has it."""

COUNT_TOLERANCE = 0.1
"""Relative error allowed for the count of that type on held-out steps."""

TEMPERATURES = np.exp2(np.linspace(-2, 2, 65))
"""Candidates: 65 values between 1/4 and 4."""


def best_temperature(
    logits: NDArray[np.float64],
    types: NDArray[np.int64],
    candidates: NDArray[np.float64] = TEMPERATURES,
) -> float:
    """Find the temperature with the smallest mean negative log-likelihood.

    Args:
        logits: (steps, types).
        types: True type of each step, (steps,).
        candidates: Temperatures to try.

    Returns:
        One of the candidates.
    """
    losses = []
    for temperature in candidates:
        z = logits / temperature
        top = z.max(axis=1)
        log_sum = np.log(np.exp(z - top[:, None]).sum(axis=1)) + top
        losses.append(float((log_sum - z[np.arange(len(z)), types]).mean()))
    return float(candidates[int(np.argmin(losses))])


def count_bias(
    logits: NDArray[np.float64],
    types: NDArray[np.int64],
    index: int,
    tolerance: float = COUNT_TOLERANCE,
) -> float:
    """Find the smallest logit bias with which a type is predicted about as often as it is true.

    Where a tagger is unsure, the likeliest type is mostly the commonest one; always predicting it
    inflates its count, and the reward depends on counts. A bias costs accuracy, so it is no larger
    than the tolerance asks.

    Args:
        logits: (steps, types), already divided by the temperature.
        types: True type of each step, (steps,).
        index: The type.
        tolerance: Relative error allowed for the count.

    Returns:
        What to add to its logits, in [-4, 4], to within 0.001; 0 if the count is within the
        tolerance without.
    """
    shifted = logits.copy()

    def predicted(bias: float) -> int:
        shifted[:, index] = logits[:, index] + bias
        return int((shifted.argmax(axis=1) == index).sum())

    true = int((types == index).sum())
    too_many = predicted(0.0) > (1 + tolerance) * true
    if not too_many and predicted(0.0) >= (1 - tolerance) * true:
        return 0.0
    good, bad = (-4.0, 0.0) if too_many else (4.0, 0.0)
    while abs(good - bad) > 1e-3:
        middle = (good + bad) / 2
        count = predicted(middle)
        enough = count <= (1 + tolerance) * true if too_many else count >= (1 - tolerance) * true
        good, bad = (middle, bad) if enough else (good, middle)
    return round(good, 3)


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
        extractor = backend.start(trace.question)
        for index in range(max(trace.labels, default=-1) + 1):
            read = extractor.read(trace.steps[index])
            if index in trace.labels:
                seen.append(read)
                types.append(taxonomy.index(trace.labels[index]))
    return backend.logits(seen), np.array(types, dtype=np.int64)


@dataclass(frozen=True)
class Calibration:
    """Calibration of a classifier on held-out steps.

    Attributes:
        temperature: See `best_temperature`.
        logit_bias: By tag, see `count_bias`; for `COUNTED` alone.
        scores: With both.
    """

    temperature: float
    logit_bias: dict[str, float]
    scores: Scores

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Build from what `as_dict` gave."""
        scores = Scores.from_dict(values["scores"])
        return cls(values["temperature"], values["logit_bias"], scores)


def calibrate(
    logits: NDArray[np.float64], types: NDArray[np.int64], taxonomy: Taxonomy
) -> Calibration:
    """Set temperature and logit bias, and score.

    Args:
        logits: Of held-out steps, (steps, types).
        types: True type of each, (steps,).
        taxonomy: Order of the types.
    """
    temperature = best_temperature(logits, types)
    scaled = logits / temperature
    logit_bias = {}
    if COUNTED in taxonomy.tags:
        index = taxonomy.index(COUNTED)
        logit_bias[COUNTED] = count_bias(scaled, types, index)
        scaled[:, index] += logit_bias[COUNTED]
    names = taxonomy.names
    predicted = [names[i] for i in scaled.argmax(axis=1)]
    scores = score_types([names[i] for i in types], predicted, taxonomy)
    return Calibration(temperature, logit_bias, scores)


def calibrate_batched(
    backend: BatchScorer, traces: Sequence[LabelledTrace], taxonomy: Taxonomy, device: str = "cpu"
) -> Calibration:
    """As `calibrate`, on traces scored in batches up to their last labels.

    Args:
        backend: The classifier.
        traces: Labelled traces.
        taxonomy: Order of the types.
        device: Where to compute, ``cpu`` or ``cuda``.
    """
    texts = [t.steps[: max(t.labels) + 1] for t in traces]
    rows = backend.logits_batch(texts, [t.question for t in traces], device)
    logits = np.concatenate([r[list(t.labels)] for r, t in zip(rows, traces, strict=True)])
    true = [taxonomy.index(name) for t in traces for name in t.labels.values()]
    return calibrate(logits, np.array(true, dtype=np.int64), taxonomy)
