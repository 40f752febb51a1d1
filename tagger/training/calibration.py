"""Calibration on held-out traces: temperature for probabilities, logit biases for counts.

Source of the first: Guo et al. 2017, arXiv 1706.04599, section 4.2 (temperature scaling). The
second is a prior correction: a calibrated tagger's probabilities sum to the count of a type that
is to be expected, while its likeliest types leave out whatever is seldom the likeliest. The true
counts of a few held-out questions would be the worse guide, as questions differ in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.base import Backend, BatchScorer
from tagger.backends.softmax import softmax
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.scores import Scores, score_types

COUNTED = "VERIFY"
"""Tag of verification, where a taxonomy has it."""

COUNT_TOLERANCE = 0.02
"""Relative error allowed for the predicted count of a type against the expected one."""

FEWEST_STEPS = 10
"""Types of which fewer steps are expected get no logit bias."""

_ROUNDS = 300  # corrections of single types, each of which moves the others' counts

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
    logits: NDArray[np.float64], index: int, expected: float, tolerance: float = COUNT_TOLERANCE
) -> float:
    """Find the smallest logit bias with which a type is predicted about as often as expected.

    Args:
        logits: (steps, types), already divided by the temperature.
        index: The type.
        expected: Its expected count.
        tolerance: Relative error allowed for the count.

    Returns:
        What to add to its logits, in [-4, 4], to within 0.001; 0 if the count is within the
        tolerance without.
    """
    others = np.delete(logits, index, axis=1).max(axis=1)
    lead = logits[:, index] - others

    def predicted(bias: float) -> int:
        return int((lead + bias > 0).sum())

    too_many = predicted(0.0) > (1 + tolerance) * expected
    if not too_many and predicted(0.0) >= (1 - tolerance) * expected:
        return 0.0
    good, bad = (-4.0, 0.0) if too_many else (4.0, 0.0)
    while abs(good - bad) > 1e-3:
        middle = (good + bad) / 2
        count = predicted(middle)
        limit = (1 + tolerance if too_many else 1 - tolerance) * expected
        enough = count <= limit if too_many else count >= limit
        good, bad = (middle, bad) if enough else (good, middle)
    return round(good, 3)


def count_biases(
    logits: NDArray[np.float64],
    among: Sequence[int] | None = None,
    tolerance: float = COUNT_TOLERANCE,
    fewest: float = FEWEST_STEPS,
) -> NDArray[np.float64]:
    """Find logit biases with which each type is predicted as often as its probabilities sum to.

    The reward depends on counts, and where a tagger is unsure, the likeliest type is mostly the
    commonest one. The type whose count is worst is corrected by `count_bias`, again and again, as
    each bias moves the counts of the other types too.

    Args:
        logits: (steps, types), already divided by the temperature.
        among: Types that may get a bias; None for all.
        tolerance: Relative error allowed for a count.
        fewest: Types of which fewer steps are expected keep a bias of 0.

    Returns:
        What to add to the logits, (types,). Where no biases meet the tolerance for all types, those
        found whose worst count is best.
    """
    expected = softmax(logits).sum(axis=0)
    counted = np.flatnonzero(expected >= fewest)
    if among is not None:
        counted = np.intersect1d(counted, np.array(among, dtype=np.int64))
    bias = np.zeros(logits.shape[1])
    best, least = bias.copy(), np.inf
    for _ in range(_ROUNDS if len(counted) else 0):
        predicted = np.bincount((logits + bias).argmax(axis=1), minlength=len(bias))
        errors = np.abs(predicted[counted] - expected[counted]) / expected[counted]
        worst = int(counted[int(errors.argmax())])
        if errors.max() < least:
            best, least = bias.copy(), float(errors.max())
        if least <= tolerance:
            break
        bias[worst] += count_bias(logits + bias, worst, float(expected[worst]), tolerance)
    return best


@dataclass(frozen=True)
class HeldOutScores:
    """Logits of held-out traces.

    Attributes:
        logits: Of all steps up to each trace's last label, (steps, types).
        labelled: Which of them have a label, (labels,).
        types: True type of those, (labels,).
    """

    logits: NDArray[np.float64]
    labelled: NDArray[np.int64]
    types: NDArray[np.int64]


def scores_of_labels(
    backend: Backend, traces: Sequence[LabelledTrace], taxonomy: Taxonomy
) -> HeldOutScores:
    """Score traces up to their last labels, each read from its first step on.

    Args:
        backend: The classifier.
        traces: Labelled traces.
        taxonomy: Order of the types.
    """
    seen: list[Any] = []
    labelled: list[int] = []
    types: list[int] = []
    for trace in traces:
        extractor = backend.start(trace.question)
        for index in range(max(trace.labels, default=-1) + 1):
            if index in trace.labels:
                labelled.append(len(seen))
                types.append(taxonomy.index(trace.labels[index]))
            seen.append(extractor.read(trace.steps[index]))
    return HeldOutScores(backend.logits(seen), np.array(labelled), np.array(types, dtype=np.int64))


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


def calibrate(scores: HeldOutScores, taxonomy: Taxonomy) -> Calibration:
    """Set temperature and logit biases, and score.

    Every type gets its bias, unless that costs accuracy on the held-out labels beyond chance: more
    than one standard error of the difference (McNemar 1947). Then verification alone does, whose
    count the reward depends on most.

    Args:
        scores: Of held-out traces.
        taxonomy: Order of the types.
    """
    temperature = best_temperature(scores.logits[scores.labelled], scores.types)
    scaled = scores.logits / temperature
    bias = count_biases(scaled)
    if COUNTED in taxonomy.tags:
        alone = count_biases(scaled, [taxonomy.index(COUNTED)])
        if _clearly_worse(_correct(scores, scaled + bias), _correct(scores, scaled + alone)):
            bias = alone
    bias = np.round(bias, 3)
    logit_bias = {taxonomy.tags[i]: float(bias[i]) for i in np.flatnonzero(bias)}
    names = taxonomy.names
    predicted = [names[i] for i in (scaled + bias)[scores.labelled].argmax(axis=1)]
    true = [names[i] for i in scores.types]
    return Calibration(temperature, logit_bias, score_types(true, predicted, taxonomy))


def _correct(scores: HeldOutScores, logits: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which labelled steps are predicted correctly, (labels,)."""
    correct: NDArray[np.bool_] = logits[scores.labelled].argmax(axis=1) == scores.types
    return correct


def _clearly_worse(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    """Whether one is correct less often than the other, by over a standard error of the difference.

    The difference is that of the steps on which just one of the two is correct; its variance, were
    both as good, is their number.
    """
    lost, won = int((other & ~one).sum()), int((one & ~other).sum())
    return lost - won > sqrt(lost + won)


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
    ends = np.cumsum([0, *(len(r) for r in rows)])
    labelled = [end + i for end, trace in zip(ends, traces, strict=False) for i in trace.labels]
    true = [taxonomy.index(name) for trace in traces for name in trace.labels.values()]
    logits = np.concatenate(rows)
    found = HeldOutScores(logits, np.array(labelled), np.array(true, dtype=np.int64))
    return calibrate(found, taxonomy)
