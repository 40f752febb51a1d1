"""Training examples of the student: traces as read, with a target distribution a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.data import LabelledTrace
from tagger.steps import Segmenter
from tagger.student.reading import StepReading, StepScanner
from tagger.student.settings import StudentSettings
from tagger.taxonomy import Taxonomy

MAX_STEPS = 400
"""Steps of a trace beyond this many are not trained on."""


@dataclass(frozen=True)
class Example:
    """One trace to train on.

    Attributes:
        readings: Its steps.
        targets: Probability of each type, (steps, types); a row of zeros where nothing is known.
        head: Which output learns from it; 0 is the tagger's own.
    """

    readings: list[StepReading]
    targets: NDArray[np.float32]
    head: int = 0


def read_trace(question: str, steps: Sequence[str], settings: StudentSettings) -> list[StepReading]:
    """Read a trace's steps in order."""
    scanner = StepScanner(question, settings)
    return [scanner.scan(text) for text in steps]


def label_targets(
    trace: LabelledTrace, taxonomy: Taxonomy, steps: int, alternative: float = 0.2
) -> NDArray[np.float32]:
    """Targets of a labelled trace.

    Args:
        trace: The trace.
        taxonomy: Order of the types.
        steps: How many of its steps are trained on.
        alternative: Share of the target that goes to a step's second plausible type; a second
            annotator who differs gets twice as much.

    Returns:
        (steps, types); a row of zeros where there is no label.
    """
    targets = np.zeros((steps, len(taxonomy.types)), dtype=np.float32)
    for index, label in trace.labels.items():
        if index >= steps:
            continue
        first = taxonomy.index(label)
        other, share = trace.second_pass.get(index, label), 2 * alternative
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


def trained_steps(trace: LabelledTrace) -> tuple[str, ...]:
    """Steps of a labelled trace up to its last label, `MAX_STEPS` at most."""
    return trace.steps[: min(max(trace.labels) + 1, MAX_STEPS)]


def labelled_example(
    trace: LabelledTrace,
    taxonomy: Taxonomy,
    settings: StudentSettings,
    head: int = 0,
    alternative: float = 0.2,
) -> Example:
    """Read a labelled trace up to its last label."""
    steps = trained_steps(trace)
    targets = label_targets(trace, taxonomy, len(steps), alternative)
    return Example(read_trace(trace.question, steps, settings), targets, head)
