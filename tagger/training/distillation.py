"""What teachers make of unlabelled steps; kept on disk, for it takes longer than the training."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.backends.base import score_whole
from tagger.backends.softmax import softmax
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import read_traces
from tagger.training.devices import resolve_device
from tagger.training.splits import Hidden

BATCH = 64
"""Traces a teacher tags at once, and that are kept together."""

MAX_STEPS = 400
"""Steps of a trace beyond this many are not trained on."""

Say = Callable[[str], None]
Views = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Teaching:
    """What is learnt besides labels.

    Attributes:
        teachers: The mean of their probabilities is the target of steps without a label.
        traces: JSONL files of traces as `tagger.traces.labelled.read_traces` takes them.
        trust: Share of a labelled step's target that comes from its label, the rest from the
            teachers, in [0, 1]; at 1 they do not tag the labelled traces at all.
        kept: Folder in which views are kept; the same teaching goes on from what it holds.
    """

    teachers: Sequence[FrozenTagger]
    traces: Sequence[Path]
    trust: float = 0.7
    kept: Path | None = None

    def refuse_misfits(self, taxonomy: Taxonomy, segmenter: Segmenter) -> None:
        """Raise a UserError where a teacher has other types than the labels, or other steps."""
        for teacher in self.teachers:
            if teacher.taxonomy.names != taxonomy.names:
                raise UserError(
                    f"The types of teacher {teacher.fingerprint[:12]} (taxonomy "
                    f"{teacher.taxonomy.name!r}) are not those of the labels ({taxonomy.name!r}); "
                    "take a teacher of the same taxonomy."
                )
            theirs, ours = (f"{s.name} {s.settings}" for s in (teacher.segmenter, segmenter))
            if theirs != ours:
                raise UserError(
                    f"Teacher {teacher.fingerprint[:12]} learnt steps of segmenter {theirs} and is "
                    f"to tag steps of {ours}; take a teacher of the same segmenter."
                )

    def about(self) -> dict[str, list[str]]:
        """Fingerprints of the teachers and names of the files, to be kept with a tagger."""
        return {
            "teachers": [teacher.fingerprint for teacher in self.teachers],
            "taught_on": [Path(p).name for p in self.traces],
        }

    def views(self, traces: Sequence[Sequence[str]], questions: Sequence[str], say: Say) -> Views:
        """Mean probabilities of the teachers, (steps, types) a trace."""
        views: Views = []
        for at in range(0, len(traces), BATCH):
            say(f"Teachers tag trace {at + 1} of {len(traces)}.")
            batch = traces[at : at + BATCH], questions[at : at + BATCH]
            each = [_view(teacher, *batch, self.kept) for teacher in self.teachers]
            views += [np.mean(parts, axis=0, dtype=np.float32) for parts in zip(*each, strict=True)]
        return views


@dataclass(frozen=True)
class TaughtTrace:
    """An unlabelled trace: question, step texts, and what the teachers make of them."""

    question: str
    steps: list[str]
    targets: NDArray[np.float32]


def unlabelled_traces(
    teaching: Teaching, segmenter: Segmenter, hidden: Hidden
) -> list[tuple[str, list[str]]]:
    """Question and step texts of the traces to be tagged, without those that are held out.

    Raises:
        UserError: A malformed file, or no trace is left.
    """
    traces = []
    for path in teaching.traces:
        for trace in read_traces(path):
            steps = trace.steps or segmenter.split(trace.thinking)
            texts = [step.text for step in steps[:MAX_STEPS]]
            if texts and not hidden.covers(trace.question, texts):
                traces.append((trace.question, texts))
    if not traces:
        raise UserError(
            f"{', '.join(map(str, teaching.traces)) or 'No file'}: no trace with a step is left "
            "for the teachers once the held-out ones are taken out; give more --traces."
        )
    return traces


def teach(
    teaching: Teaching, traces: Sequence[tuple[str, list[str]]], say: Say
) -> list[TaughtTrace]:
    """Let teachers tag unlabelled traces."""
    questions, texts = [q for q, _ in traces], [steps for _, steps in traces]
    views = teaching.views(texts, questions, say)
    return [TaughtTrace(*row) for row in zip(questions, texts, views, strict=True)]


def _view(
    teacher: FrozenTagger,
    traces: Sequence[Sequence[str]],
    questions: Sequence[str],
    kept: Path | None,
) -> Views:
    """Probabilities of one teacher, from the folder if they are there.

    In 16 bits whether they are kept or not, so that a folder changes no result.
    """
    if kept is None:
        held = _ask(teacher, traces, questions)
    else:
        key = json.dumps([teacher.fingerprint, list(questions), [list(t) for t in traces]])
        digest = hashlib.sha256(key.encode())
        file = kept / f"view-{digest.hexdigest()[:32]}.safetensors"
        if file.exists():
            held = _read(file, [(len(steps), teacher.backend.types) for steps in traces])
        else:
            held = _ask(teacher, traces, questions)
            _write(file, held)
    return [view.astype(np.float32) for view in held]


def _read(file: Path, shapes: Sequence[tuple[int, int]]) -> list[NDArray[np.float16]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        held = load_file(str(file))
    except (OSError, SafetensorError) as error:
        raise UserError(_damaged(file, str(error))) from error
    views = [held.get(str(i), np.zeros(0)) for i in range(len(shapes))]
    if [view.shape for view in views] != list(shapes):
        raise UserError(_damaged(file, "it does not hold what the teacher said of each step"))
    return views


def _damaged(file: Path, why: str) -> str:
    return f"{file} is damaged ({why}); delete it, and its traces are tagged again."


def _write(file: Path, views: Sequence[NDArray[np.float16]]) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    draft = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file({str(i): view for i, view in enumerate(views)}, str(draft))
        draft.replace(file)
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"What the teachers said cannot be kept in {file.parent} ({error}); make room there "
            "or name another --checkpoint folder. What is there already is not asked again."
        ) from error


def _ask(
    teacher: FrozenTagger, traces: Sequence[Sequence[str]], questions: Sequence[str]
) -> list[NDArray[np.float16]]:
    """Probabilities of one teacher; by its fast path if it has one, whose digits may differ.

    The fast path runs on a GPU if there is one.
    """
    scores = score_whole(teacher.backend, traces, questions, lambda: resolve_device("auto"))
    return [softmax(rows / teacher.temperature).astype(np.float16) for rows in scores]
