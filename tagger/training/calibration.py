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
"""Tag of verification, where a taxonomy has it."""

COUNT_TOLERANCE = 0.1
"""Relative error allowed for the count of a type on held-out steps."""

FEWEST_STEPS = 20
"""Types with fewer held-out steps get no logit bias: their true share is not known well enough."""

_ROUNDS = 200  # corrections of single types, each of which moves the others' counts

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


def count_biases(
    logits: NDArray[np.float64],
    types: NDArray[np.int64],
    tolerance: float = COUNT_TOLERANCE,
    fewest: int = FEWEST_STEPS,
) -> NDArray[np.float64]:
    """Find logit biases with which each type is predicted about as often as it is true.

    The type whose count is worst is corrected by `count_bias`, again and again, as each bias moves
    the counts of the other types too.

    Args:
        logits: (steps, types), already divided by the temperature.
        types: True type of each step, (steps,).
        tolerance: Relative error allowed for a count.
        fewest: Types that are true for fewer steps keep a bias of 0.

    Returns:
        What to add to the logits, (types,). Where no biases meet the tolerance for all types, those
        found whose worst count is best.
    """
    count = logits.shape[1]
    true = np.bincount(types, minlength=count)
    counted = np.flatnonzero(true >= fewest)
    bias = np.zeros(count)
    best, least = bias.copy(), np.inf
    for _ in range(_ROUNDS if len(counted) else 0):
        predicted = np.bincount((logits + bias).argmax(axis=1), minlength=count)
        errors = np.abs(predicted[counted] - true[counted]) / true[counted]
        worst = counted[int(errors.argmax())]
        if errors.max() < least:
            best, least = bias.copy(), float(errors.max())
        if least <= tolerance:
            break
        bias[worst] += count_bias(logits + bias, types, int(worst), tolerance)
    return best


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
        logit_bias: By tag, see `count_biases`; of the types that have one.
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
    bias = count_biases(logits / temperature, types)
    logit_bias = {taxonomy.tags[i]: round(float(bias[i]), 3) for i in np.flatnonzero(bias)}
    scaled = logits / temperature + bias
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
