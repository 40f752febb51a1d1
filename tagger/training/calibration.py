"""What is set on steps a tagger was not trained on: honest probabilities, honest counts.

Source of the first: Guo et al. 2017, arXiv 1706.04599, section 4.2 (temperature scaling).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.base import Backend, ManyAtOnce
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.scores import Scores, score_types

COUNTED = "VERIFY"
"""Tag of the type whose count is kept unbiased, where a taxonomy has it."""

COUNT_TOLERANCE = 0.1
"""By what share the count of that type may be off on held-out steps."""


TEMPERATURES = np.exp2(np.linspace(-2, 2, 65))
"""What is tried: 65 values between 1/4 and 4."""


def best_temperature(
    logits: NDArray[np.float64],
    types: NDArray[np.int64],
    candidates: NDArray[np.float64] = TEMPERATURES,
) -> float:
    """Find the temperature with the smallest mean negative log-likelihood.

    Args:
        logits: (steps, types).
        types: True type of each step, (steps,).
        candidates: What to try.

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


def count_handicap(
    logits: NDArray[np.float64],
    types: NDArray[np.int64],
    index: int,
    tolerance: float = COUNT_TOLERANCE,
) -> float:
    """Find the smallest handicap with which a type is chosen about as often as it is true.

    Where a tagger is unsure, the likeliest type is mostly the commonest one; choosing it always
    counts it too often, and the reward goes by counts. A handicap costs accuracy, so it is no
    larger than the tolerance asks.

    Args:
        logits: (steps, types), already divided by the temperature.
        types: True type of each step, (steps,).
        index: The type.
        tolerance: By what share the count may be off.

    Returns:
        What to take from its scores, in [-4, 4], to within 0.001; 0 if the count is good already.
    """
    shifted = logits.copy()

    def called(handicap: float) -> int:
        shifted[:, index] = logits[:, index] - handicap
        return int((shifted.argmax(axis=1) == index).sum())

    true = int((types == index).sum())
    too_many = called(0.0) > (1 + tolerance) * true
    if not too_many and called(0.0) >= (1 - tolerance) * true:
        return 0.0
    good, bad = (4.0, 0.0) if too_many else (-4.0, 0.0)
    while abs(good - bad) > 1e-3:
        middle = (good + bad) / 2
        count = called(middle)
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
        reader = backend.start(trace.question)
        for index in range(max(trace.labels, default=-1) + 1):
            read = reader.read(trace.steps[index])
            if index in trace.labels:
                seen.append(read)
                types.append(taxonomy.index(trace.labels[index]))
    return backend.logits(seen), np.array(types, dtype=np.int64)


@dataclass(frozen=True)
class Calibration:
    """What held-out steps say of a classifier.

    Attributes:
        temperature: See `best_temperature`.
        handicaps: See `count_handicap`; for `COUNTED` alone.
        scores: With both.
    """

    temperature: float
    handicaps: dict[str, float]
    scores: Scores

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Build from what `as_dict` gave."""
        scores = Scores.from_dict(values["scores"])
        return cls(values["temperature"], values["handicaps"], scores)


def calibrate(
    logits: NDArray[np.float64], types: NDArray[np.int64], taxonomy: Taxonomy
) -> Calibration:
    """Set temperature and handicap, and score.

    Args:
        logits: Of held-out steps, (steps, types).
        types: True type of each, (steps,).
        taxonomy: Order of the types.
    """
    temperature = best_temperature(logits, types)
    scaled = logits / temperature
    handicaps = {}
    if COUNTED in taxonomy.tags:
        index = taxonomy.index(COUNTED)
        handicaps[COUNTED] = count_handicap(scaled, types, index)
        scaled[:, index] -= handicaps[COUNTED]
    names = taxonomy.names
    given = [names[i] for i in scaled.argmax(axis=1)]
    scores = score_types([names[i] for i in types], given, taxonomy)
    return Calibration(temperature, handicaps, scores)


def calibrate_many(
    backend: ManyAtOnce, traces: Sequence[LabelledTrace], taxonomy: Taxonomy, device: str = "cpu"
) -> Calibration:
    """As `calibrate`, on traces that the back end reads its fast way, up to their last labels.

    Args:
        backend: The classifier.
        traces: Labelled traces.
        taxonomy: Order of the types.
        device: Where to compute, ``cpu`` or ``cuda``.
    """
    texts = [t.steps[: max(t.labels) + 1] for t in traces]
    rows = backend.logits_many(texts, [t.question for t in traces], device)
    logits = np.concatenate([r[list(t.labels)] for r, t in zip(rows, traces, strict=True)])
    true = [taxonomy.index(name) for t in traces for name in t.labels.values()]
    return calibrate(logits, np.array(true, dtype=np.int64), taxonomy)
