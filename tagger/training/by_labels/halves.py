"""A calibration by labelled steps, and its figures by two halves of the questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tagger.backends.base import extract_features
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.steps import steps_from_texts
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.by_labels.fit import LEAST_LABELS, Fitted, Floats, Ints
from tagger.training.by_labels.report import CalibrationReport, Scored, report_of
from tagger.training.splits import half_of

Fit = Callable[["LabelledSteps"], Fitted]
"""Finds temperature and biases by labelled steps."""


@dataclass(frozen=True)
class LabelledSteps:
    """Scores of labelled steps.

    Attributes:
        logits: Of the tagger's own types, (steps, own types).
        types: True type of each step, (steps,), of the labels' taxonomy.
        half: Of the questions, 0 or 1, (steps,).
        sample: Which sample of labels each step is of, (steps,), from 0.
        left_out: Labels of types that the tagger cannot predict.
    """

    logits: Floats
    types: Ints
    half: Ints
    sample: Ints
    left_out: int

    def of_half(self, half: int) -> LabelledSteps:
        """Those of one half of the questions."""
        here = self.half == half
        return LabelledSteps(
            self.logits[here], self.types[here], self.half[here], self.sample[here], self.left_out
        )


def half_of_trace(trace: LabelledTrace) -> int:
    """0 or 1, the same for all traces of a question; rows of other projects name it by ``qid``."""
    return half_of(trace.question or str(trace.about.get("qid") or trace.id))


def labels_by_half(traces: Sequence[LabelledTrace], taxonomy: Taxonomy) -> Ints:
    """How many labels of each type either half of the questions has, (2, types)."""
    counts = np.zeros((2, len(taxonomy.types)), dtype=np.int64)
    for trace in traces:
        half = half_of_trace(trace)
        for label in trace.labels.values():
            counts[half, taxonomy.index(label)] += 1
    return counts


def read_steps(
    tagger: FrozenTagger,
    traces: Sequence[LabelledTrace],
    taxonomy: Taxonomy,
    onto: Floats,
    progress: Callable[[int, int], None],
    samples: Sequence[int] | None = None,
) -> LabelledSteps:
    """Score the labelled steps of some traces, each read from its first step on.

    Args:
        tagger: The tagger.
        traces: Labelled traces.
        taxonomy: Of the labels.
        onto: 1 where a type of the tagger becomes one of the labels', (own types, types).
        progress: Called with how many traces are done, and of how many.
        samples: Which sample of labels each trace is of, from 0; None for a single one.

    Raises:
        UserError: A half of the questions has too few labels.
    """
    reached = np.flatnonzero(onto.any(axis=0))
    here = labels_by_half(traces, taxonomy)[:, reached].sum(axis=1)
    if here.min() < LEAST_LABELS:
        raise UserError(
            f"{here.sum()} labels of types that the tagger can predict are too few to calibrate "
            f"it: each half of the questions needs {LEAST_LABELS}."
        )
    rows, true, half, sample, left_out = [], [], [], [], 0
    of = samples or [0] * len(traces)
    for done, (trace, number) in enumerate(zip(traces, of, strict=True), start=1):
        logits = _logits(tagger, trace)
        for index, label in sorted(trace.labels.items()):
            if taxonomy.index(label) in reached:
                rows.append(logits[index])
                true.append(taxonomy.index(label))
                half.append(half_of_trace(trace))
                sample.append(number)
            else:
                left_out += 1
        progress(done, len(traces))
    return LabelledSteps(np.array(rows), np.array(true), np.array(half), np.array(sample), left_out)


def by_halves(
    steps: LabelledSteps,
    fit: Fit,
    temperature: float,
    bias: Floats,
    onto: Floats,
    taxonomy: Taxonomy,
) -> CalibrationReport:
    """What a calibration is worth: each half of the questions with what the other one sets.

    Args:
        steps: Labelled steps.
        fit: What sets it.
        temperature: Of the tagger as it is.
        bias: Of the own types of the tagger as it is, (own types,).
        onto: 1 where a type of the tagger becomes one of the labels', (own types, types).
        taxonomy: Of the labels.
    """
    before = Scored.as_it_is(steps.logits, temperature, bias, onto)
    after = Scored(np.empty_like(before.plain), np.empty_like(before.plain))
    for one in (0, 1):
        there = steps.half != one
        found = Scored.of(steps.logits[there], fit(steps.of_half(one)), onto)
        after.plain[there], after.biased[there] = found.plain, found.biased
    return report_of(before, after, steps.types, taxonomy, steps.left_out)


def _logits(tagger: FrozenTagger, trace: LabelledTrace) -> Floats:
    """Scores of the steps of a trace up to its last label."""
    steps = steps_from_texts(trace.steps[: max(trace.labels, default=-1) + 1])[1]
    return tagger.backend.logits(extract_features(tagger.backend.start(trace.question), steps))
