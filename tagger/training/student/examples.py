"""Training examples of the student: traces as read, with a target distribution a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.backends.student.reading import StepReading, StepScanner
from tagger.backends.student.settings import StudentSettings
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.soft_targets import label_targets, trained_steps


@dataclass(frozen=True)
class Example:
    """One trace to train on.

    Attributes:
        readings: Its steps.
        targets: Probability of each type, (steps, types); a row of zeros where nothing is known.
        head: Index of the head; 0 is the tagger's own.
    """

    readings: list[StepReading]
    targets: NDArray[np.float32]
    head: int = 0


def read_trace(question: str, steps: Sequence[str], settings: StudentSettings) -> list[StepReading]:
    """Read a trace's steps in order."""
    scanner = StepScanner(question, settings)
    return [scanner.scan(text) for text in steps]


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
