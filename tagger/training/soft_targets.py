"""What taggers learn from: steps of a trace, each with the probability of its types.

Labels, and what teachers make of unlabelled traces, come out alike, so that a back end learns from
both: as they are, cut into sentences, and as shortened copies.
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
from tagger.training.distillation import MAX_STEPS, TaughtTrace, Teaching
from tagger.training.short_traces import shorten


@dataclass(frozen=True)
class Lesson:
    """One trace to learn from.

    Attributes:
        question: The problem text, empty if unknown.
        steps: Texts of its steps.
        targets: Probability of each type, (steps, types); a row of zeros where nothing is known.
    """

    question: str
    steps: Sequence[str]
    targets: NDArray[np.float32]


@dataclass(frozen=True)
class LessonPlan:
    """How lessons are made.

    Attributes:
        taxonomy: Order of the types.
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are also learnt cut into sentences, and of
            taught traces that are learnt so instead, in [0, 1].
        short: Shortened copies learnt of each trace (`tagger.training.short_traces`).
        seed: Chooses.
        longest: Steps of a labelled trace beyond this many are not learnt; None for all of them.
        least: A teacher's types less likely than this are left to the step's other types.
    """

    taxonomy: Taxonomy
    alternative: float = 0.2
    sentences: float = 0.0
    short: int = 0
    seed: int = 0
    longest: int | None = MAX_STEPS
    least: float = 0.0

    def draws(self, name: str) -> bool:
        """Whether a trace is among the share that is cut into sentences; the same in every run."""
        return crc32(f"{self.seed}:{name}".encode()) < self.sentences * 2**32

    def likely(self, view: NDArray[np.float32]) -> NDArray[np.float32]:
        """A teacher's view without its unlikely types; the likeliest always stays."""
        if not self.least:
            return view
        bar = np.minimum(self.least, view.max(axis=1, keepdims=True))
        kept = np.where(view >= bar, view, np.float32(0))
        cut: NDArray[np.float32] = kept / kept.sum(axis=1, keepdims=True)
        return cut


def labelled_lessons(
    traces: Sequence[LabelledTrace],
    plan: LessonPlan,
    teaching: Teaching | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Iterator[Lesson]:
    """What is learnt from labelled traces: their steps, the sentences of those drawn, copies.

    Args:
        traces: The traces.
        plan: How.
        teaching: Below ``trust=1`` its teachers have a say in the targets, and the steps without
            a label get theirs.
        say: Takes a line on progress.

    Yields:
        The lessons, those of a trace one after the other.
    """
    texts = [trained_steps(trace, plan.longest) for trace in traces]
    heard: Sequence[NDArray[np.float32] | None] = [None] * len(traces)
    if teaching and teaching.trust < 1:
        heard = teaching.views(texts, [trace.question for trace in traces], say)
    for trace, steps, view in zip(traces, texts, heard, strict=True):
        targets = label_targets(trace, plan.taxonomy, len(steps), plan.alternative)
        if teaching and view is not None:
            view = plan.likely(view)
            mixed = teaching.trust * targets + (1 - teaching.trust) * view
            labelled = targets.sum(axis=1, keepdims=True) > 0
            targets = np.where(labelled, mixed, view).astype(np.float32)
        yield Lesson(trace.question, steps, targets)
        if plan.draws(trace.id):
            yield Lesson(trace.question, *cut_finer(steps, targets, SentenceSegmenter()))
        yield from _short_copies(trace.id, trace.question, steps, targets, plan)


def taught_lessons(trace: TaughtTrace, name: str, plan: LessonPlan) -> Iterator[Lesson]:
    """What is learnt from a taught trace: its steps, or its sentences if it is drawn, and copies.

    Args:
        trace: What the teachers made of it.
        name: Of the trace among all taught ones.
        plan: How.
    """
    whole = plan.likely(trace.targets)
    steps, targets = trace.steps, whole
    if plan.draws(name):
        steps, targets = cut_finer(steps, targets, SentenceSegmenter())
    yield Lesson(trace.question, steps, targets)
    yield from _short_copies(name, trace.question, trace.steps, whole, plan)


def _short_copies(
    name: str, question: str, steps: Sequence[str], targets: NDArray[np.float32], plan: LessonPlan
) -> Iterator[Lesson]:
    """Shortened copies of a trace that hold a target; some of them cut into sentences."""
    checks = [False] * len(steps)
    if COUNTED in plan.taxonomy.tags:
        known = targets.sum(axis=1) > 0
        checks = (known & (targets.argmax(axis=1) == plan.taxonomy.index(COUNTED))).tolist()
    for number in range(plan.short):
        copy = f"{name} short {number}"
        piece = shorten(steps, checks, Random(f"{plan.seed}:{copy}"))
        texts = [steps[i] for i in piece.steps]
        wanted = targets[piece.steps] * np.array(piece.clear, dtype=np.float32)[:, None]
        if plan.draws(copy):
            texts, wanted = cut_finer(texts, wanted, SentenceSegmenter())
        if wanted.any():
            yield Lesson(question, texts, wanted)


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

    A tagger trained on paragraphs alone takes short steps for checks: they repeat what the
    sentence before them said, as only checks among paragraphs do.

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


def trained_steps(trace: LabelledTrace, longest: int | None = MAX_STEPS) -> tuple[str, ...]:
    """Steps of a labelled trace up to its last label, `longest` at most."""
    return trace.steps[: max(trace.labels) + 1][:longest]
