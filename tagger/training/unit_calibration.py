"""Calibration of a finished tagger for steps of another segmentation, or types of another taxonomy.

A temperature for the probabilities (Guo et al. 2017, arXiv 1706.04599), then a bias for each type
with which it is predicted about as often as it is true (prior correction of Saerens et al. 2002,
Neural Computation 14(1), by counts of predictions). What they are worth is shown by two halves of
the questions, each with the calibration that the other one sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.backends.base import extract_features
from tagger.backends.softmax import softmax
from tagger.calibrations import UnitCalibration, same_segmentation
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.mapped import check_mappable
from tagger.steps import Segmenter, steps_from_texts
from tagger.taxonomies.files import TypeMap
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.calibration import COUNT_TOLERANCE, TEMPERATURES
from tagger.training.scores import score_types

LEAST_LABELS = 30
"""Labels of a type below which it gets no bias, and of all types that a half must have."""

_ROUNDS, _LIMIT = 300, 6.0
_SMALLEST = 1e-12

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TypeCounts:
    """One type before and after, each half calibrated by the other.

    Attributes:
        tag: Its tag.
        labelled: Steps labelled so.
        before, after: Steps predicted so.
        precision_before, precision_after: Share of these that are labelled so.
        f1_before, f1_after: F1 of the type.
    """

    tag: str
    labelled: int
    before: int
    after: int
    precision_before: float
    precision_after: float
    f1_before: float
    f1_after: float


@dataclass(frozen=True)
class CalibrationReport:
    """What a calibration is worth.

    Attributes:
        steps: Labelled steps.
        accuracy: Before and after, each half of the questions calibrated by the other.
        log_loss: The same.
        types: The types that are labelled or predicted.
        left_out: Labels of types that the tagger cannot predict.
    """

    steps: int
    accuracy: tuple[float, float]
    log_loss: tuple[float, float]
    types: tuple[TypeCounts, ...]
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def calibrate_unit(
    tagger: FrozenTagger,
    segmenter: Segmenter,
    traces: Sequence[LabelledTrace],
    type_map: TypeMap,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[UnitCalibration, CalibrationReport]:
    """Calibrate a tagger for the steps of some labelled traces.

    Args:
        tagger: The tagger, for its own steps.
        segmenter: What cut the steps of the traces.
        traces: Labelled traces that the tagger was not trained on.
        type_map: Taxonomy of the labels; the tagger's types are mapped onto it.
        progress: Called with how many traces are done, and of how many.

    Returns:
        The calibration and its figures.

    Raises:
        UserError: The tagger's own steps and types, types that its types do not map to, or too few
            questions or labels to set and to show it.
    """
    taxonomy = type_map.taxonomy
    if taxonomy.names != tagger.taxonomy.names:
        check_mappable(tagger.taxonomy, type_map)
    elif same_segmentation(segmenter, tagger.segmenter):
        raise UserError(
            f"The tagger was calibrated for its own types on steps of its segmenter "
            f"{segmenter.name!r} by its training, and another calibration would not be used; name "
            "another --segmenter or --taxonomy, or train it again (suffice tagger train)."
        )
    onto = _onto(tagger, type_map)
    reached = set(np.flatnonzero(onto.any(axis=0)).tolist())
    rows, true, half, left_out = [], [], [], 0
    for done, trace in enumerate(traces, start=1):
        logits = _logits(tagger, trace)
        for index, label in sorted(trace.labels.items()):
            if taxonomy.index(label) in reached:
                rows.append(logits[index])
                true.append(taxonomy.index(label))
                half.append(_half(trace))
            else:
                left_out += 1
        progress(done, len(traces))
    logits, types, side = np.array(rows), np.array(true), np.array(half)
    if min(sum(half), len(half) - sum(half)) < LEAST_LABELS:
        raise UserError(
            f"{len(true)} labels of types that the tagger can predict are too few to calibrate it: "
            f"each half of the questions needs {LEAST_LABELS}."
        )
    tags = taxonomy.tags
    before = _Scored.of(logits, tagger.temperature, _own_bias(tagger, type_map), onto)
    after = _Scored(np.empty_like(before.plain), np.empty_like(before.plain))
    for one in (0, 1):
        temperature, bias = _fit(logits[side == one], types[side == one], onto)
        found = _Scored.of(logits[side != one], temperature, bias, onto)
        after.plain[side != one], after.biased[side != one] = found.plain, found.biased
    temperature, bias = _fit(logits, types, onto)
    calibration = UnitCalibration(
        tagger=tagger.fingerprint,
        taxonomy=taxonomy.name,
        segmenter=segmenter.name,
        settings=dict(segmenter.settings),
        temperature=temperature,
        logit_bias={tags[i]: round(float(b), 3) for i, b in enumerate(bias) if b},
    )
    return calibration, _report(before, after, types, taxonomy, left_out)


@dataclass(frozen=True)
class _Scored:
    """Logarithms of the types' probabilities, (steps, types), without and with bias."""

    plain: Floats
    biased: Floats

    @classmethod
    def of(cls, logits: Floats, temperature: float, bias: Floats, onto: Floats) -> _Scored:
        plain = _log_probabilities(logits, temperature, onto)
        return cls(plain, plain + bias)


def _fit(logits: Floats, types: Ints, onto: Floats) -> tuple[float, Floats]:
    temperature = unit_temperature(logits, types, onto)
    return temperature, count_biases(_log_probabilities(logits, temperature, onto), types)


def _own_bias(tagger: FrozenTagger, type_map: TypeMap) -> Floats:
    """The tagger's logit bias, where the types are its own."""
    taxonomy = type_map.taxonomy
    if taxonomy.names != tagger.taxonomy.names:
        return np.zeros(len(taxonomy.types))
    return np.array([tagger.logit_bias.get(tag, 0.0) for tag in taxonomy.tags])


def unit_temperature(logits: Floats, types: Ints, onto: Floats) -> float:
    """The temperature with the smallest mean log loss of the mapped types.

    Args:
        logits: Of the tagger's own types, (steps, own types).
        types: True type of each step, (steps,), of the taxonomy mapped onto.
        onto: 1 where an own type becomes a type, (own types, types).
    """
    rows = np.arange(len(types))
    losses = [-_log_probabilities(logits, t, onto)[rows, types].mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def count_biases(scores: Floats, types: Ints, tolerance: float = COUNT_TOLERANCE) -> Floats:
    """Find a bias for each type with which its count is about as labelled.

    Args:
        scores: Logarithm of each type's probability, (steps, types).
        types: True type of each step, (steps,).
        tolerance: Relative error allowed for a count.

    Returns:
        What to add to the scores, (types,), in [-6, 6]; 0 for types with fewer than
        `LEAST_LABELS` labels. Of the biases tried the one whose worst count is best, the smallest
        change first: none where all counts are within the tolerance without.
    """
    wanted = np.bincount(types, minlength=scores.shape[1]).astype(float)
    counted = wanted >= LEAST_LABELS
    bias = best = np.zeros(scores.shape[1])
    least = np.inf
    for round_ in range(_ROUNDS):
        found = np.bincount((scores + bias).argmax(axis=1), minlength=len(wanted))
        errors = np.abs(found - wanted)[counted] / wanted[counted]
        worst = float(errors.max(initial=0.0))
        if worst < least:
            best, least = bias, worst
        if worst <= tolerance:
            break
        step = 0.5 / (1 + round_ / 30)
        move = np.where(counted, np.log((wanted + 1) / (found + 1)), 0.0)
        bias = bias + step * move
        # Types without enough labels stay where they are among the others.
        bias = np.clip(bias - bias[counted].mean() * counted, -_LIMIT, _LIMIT)
    return np.where(counted, best, 0.0)


def _logits(tagger: FrozenTagger, trace: LabelledTrace) -> Floats:
    """Scores of the steps of a trace up to its last label."""
    steps = steps_from_texts(trace.steps[: max(trace.labels, default=-1) + 1])[1]
    return tagger.backend.logits(extract_features(tagger.backend.start(trace.question), steps))


def _onto(tagger: FrozenTagger, type_map: TypeMap) -> Floats:
    """1 where a type of the tagger becomes a type of the taxonomy, (own types, types)."""
    taxonomy = type_map.taxonomy
    if taxonomy.names == tagger.taxonomy.names:
        return np.eye(len(taxonomy.types))
    onto = np.zeros((len(tagger.taxonomy.types), len(taxonomy.types)))
    for row, name in enumerate(tagger.taxonomy.names):
        onto[row, taxonomy.index(type_map.from_reasontype[name])] = 1
    return onto


def _log_probabilities(logits: Floats, temperature: float, onto: Floats) -> Floats:
    return np.log(np.maximum(softmax(logits / temperature) @ onto, _SMALLEST))


def _half(trace: LabelledTrace) -> int:
    """0 or 1, the same for all traces of a question."""
    key = trace.question or str(trace.about.get("qid") or trace.id)
    return hashlib.sha256(key.encode()).digest()[0] % 2


def _report(
    before: _Scored, after: _Scored, types: Ints, taxonomy: Taxonomy, left_out: int
) -> CalibrationReport:
    rows, names = np.arange(len(types)), [taxonomy.names[i] for i in types]
    predicted = [scored.biased.argmax(axis=1) for scored in (before, after)]
    counts = [np.bincount(p, minlength=len(taxonomy.types)).tolist() for p in predicted]
    scores = [score_types(names, [taxonomy.names[i] for i in p], taxonomy) for p in predicted]
    loss = [-float(scored.plain[rows, types].mean()) for scored in (before, after)]

    def each(name: str, what: str) -> tuple[float, float]:
        first, second = (score.per_type.get(name) for score in scores)
        return getattr(first, what, 0.0), getattr(second, what, 0.0)

    return CalibrationReport(
        steps=len(types),
        accuracy=(scores[0].micro_f1, scores[1].micro_f1),
        log_loss=(loss[0], loss[1]),
        types=tuple(
            TypeCounts(
                kind.tag,
                int((types == i).sum()),
                counts[0][i],
                counts[1][i],
                *each(kind.name, "precision"),
                *each(kind.name, "f1"),
            )  # fmt: skip
            for i, kind in enumerate(taxonomy.types)
            if (types == i).any() or counts[0][i] or counts[1][i]
        ),
        left_out=left_out,
    )
