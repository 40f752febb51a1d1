"""Soft targets: the steps of a trace, each with the probability of its types.

Labels and teacher probabilities of unlabelled traces take the same form, so that a back end trains
on both: as they are, cut into sentences, and as shortened copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from tagger.segmentation.sentence import SentenceSegmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.calibration import COUNTED
from tagger.training.distillation import MAX_STEPS, Distillation, SoftLabelledTrace
from tagger.training.short_traces import shorten


@dataclass(frozen=True)
class TrainingTrace:
    """One trace to train on.

    Attributes:
        question: The problem text, empty if unknown.
        steps: Texts of its steps.
        targets: Probability of each type, (steps, types); a row of zeros where it is unknown.
    """

    question: str
    steps: Sequence[str]
    targets: NDArray[np.float32]


@dataclass(frozen=True)
class TargetPlan:
    """How soft targets are made.

    Attributes:
        taxonomy: Order of the types.
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are trained on cut into sentences as well, and of
            soft-labelled traces that are cut into sentences instead, in [0, 1].
        short: Shortened copies of each trace (`tagger.training.short_traces`).
        seed: Draws traces and copies.
        max_steps: Steps of a labelled trace beyond this many are dropped; None keeps all.
        min_teacher_prob: Types to which a teacher gives less are set to 0, and the rest of the
            step's probabilities rescaled.
    """

    taxonomy: Taxonomy
    alternative: float = 0.2
    sentences: float = 0.0
    short: int = 0
    seed: int = 0
    max_steps: int | None = MAX_STEPS
    min_teacher_prob: float = 0.0

    def cuts_sentences(self, name: str) -> bool:
        """Whether a trace is drawn to be cut into sentences; the same in every run."""
        return crc32(f"{self.seed}:{name}".encode()) < self.sentences * 2**32

    def drop_unlikely(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Apply `min_teacher_prob` to (steps, types); the likeliest type always stays."""
        if not self.min_teacher_prob:
            return probabilities
        bar = np.minimum(self.min_teacher_prob, probabilities.max(axis=1, keepdims=True))
        kept = np.where(probabilities >= bar, probabilities, np.float32(0))
        rescaled: NDArray[np.float32] = kept / kept.sum(axis=1, keepdims=True)
        return rescaled


def targets_from_labels(
    traces: Sequence[LabelledTrace],
    plan: TargetPlan,
    distillation: Distillation | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Iterator[TrainingTrace]:
    """Training traces from labels: the steps, sentences of traces drawn, shortened copies.

    Args:
        traces: The traces.
        plan: How.
        distillation: Below ``label_weight=1`` the teachers are mixed into the targets, and steps
            without a label get the teachers' probabilities.
        say: Takes a line on progress.

    Yields:
        The training traces made of a trace, one trace after the other.
    """
    texts = [trained_steps(trace, plan.max_steps) for trace in traces]
    teachers: Sequence[NDArray[np.float32] | None] = [None] * len(traces)
    if distillation and distillation.label_weight < 1:
        teachers = distillation.probabilities(texts, [trace.question for trace in traces], say)
    for trace, steps, probabilities in zip(traces, texts, teachers, strict=True):
        targets = label_targets(trace, plan.taxonomy, len(steps), plan.alternative)
        if distillation and probabilities is not None:
            soft = plan.drop_unlikely(probabilities)
            mixed = distillation.label_weight * targets + (1 - distillation.label_weight) * soft
            labelled = targets.sum(axis=1, keepdims=True) > 0
            targets = np.where(labelled, mixed, soft).astype(np.float32)
        yield TrainingTrace(trace.question, steps, targets)
        if plan.cuts_sentences(trace.id):
            yield TrainingTrace(trace.question, *cut_finer(steps, targets, SentenceSegmenter()))
        yield from _short_copies(trace.id, trace.question, steps, targets, plan)


def targets_from_teachers(
    trace: SoftLabelledTrace, number: int, plan: TargetPlan
) -> Iterator[TrainingTrace]:
    """Training traces from teacher probabilities: the steps or, if drawn, sentences, and copies.

    Args:
        trace: Steps and teacher probabilities.
        number: Of the trace among all soft-labelled ones.
        plan: How.
    """
    name = f"taught {number}"  # what the draws depend on
    whole = plan.drop_unlikely(trace.targets)
    steps, targets = trace.steps, whole
    if plan.cuts_sentences(name):
        steps, targets = cut_finer(steps, targets, SentenceSegmenter())
    yield TrainingTrace(trace.question, steps, targets)
    yield from _short_copies(name, trace.question, trace.steps, whole, plan)


def _short_copies(
    name: str, question: str, steps: Sequence[str], targets: NDArray[np.float32], plan: TargetPlan
) -> Iterator[TrainingTrace]:
    """Shortened copies of a trace that hold a target; some are cut into sentences."""
    verifies = [False] * len(steps)
    if COUNTED in plan.taxonomy.tags:
        known = targets.sum(axis=1) > 0
        verifies = (known & (targets.argmax(axis=1) == plan.taxonomy.index(COUNTED))).tolist()
    for number in range(plan.short):
        copy = f"{name} short {number}"
        piece = shorten(steps, verifies, Random(f"{plan.seed}:{copy}"))
        texts = [steps[i] for i in piece.steps]
        kept = targets[piece.steps] * np.array(piece.clear, dtype=np.float32)[:, None]
        if plan.cuts_sentences(copy):
            texts, kept = cut_finer(texts, kept, SentenceSegmenter())
        if kept.any():
            yield TrainingTrace(question, texts, kept)


def label_targets(
    trace: LabelledTrace, taxonomy: Taxonomy, steps: int, alternative: float = 0.2
) -> NDArray[np.float32]:
    """Targets of a labelled trace.

    Args:
        trace: The trace.
        taxonomy: Order of the types.
        steps: How many of its steps are trained on.
        alternative: Share of the target that goes to a step's second plausible type; a second
            annotator who differs gets twice as much, but no more than the first.

    Returns:
        (steps, types); a row of zeros where there is no label.
    """
    targets = np.zeros((steps, len(taxonomy.types)), dtype=np.float32)
    for index, label in trace.labels.items():
        if index >= steps:
            continue
        first = taxonomy.index(label)
        other, share = trace.second_pass.get(index, label), min(2 * alternative, 0.5)
        if other == label:
            other, share = trace.alternatives.get(index, label), alternative
        targets[index, first] += 1 - share
        targets[index, taxonomy.index(other)] += share
    return targets


def cut_finer(
    steps: Sequence[str], targets: NDArray[np.float32], segmenter: Segmenter
) -> tuple[list[str], NDArray[np.float32]]:
    """Cut steps into smaller ones that inherit their step's target.

    A tagger trained on paragraphs alone mistakes short steps for verification: they repeat the
    sentence before them, which among paragraphs only verification does.

    Args:
        steps: Texts of the steps.
        targets: Of each, (steps, types).
        segmenter: Cuts one step's text, into sentences for example.

    Returns:
        Texts and targets of the smaller steps.
    """
    pieces = [[p.text for p in segmenter.split(text)] or [text] for text in steps]
    counts = [len(p) for p in pieces]
    return [text for part in pieces for text in part], np.repeat(targets, counts, axis=0)


def trained_steps(trace: LabelledTrace, max_steps: int | None = MAX_STEPS) -> tuple[str, ...]:
    """Steps of a labelled trace up to its last label, `max_steps` at most."""
    return trace.steps[: max(trace.labels) + 1][:max_steps]
