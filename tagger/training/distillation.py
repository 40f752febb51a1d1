"""Distillation: teacher probabilities of unlabelled steps, cached on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagger.backends.base import BatchScorer, score_traces
from tagger.backends.pretrained.settings import Precision
from tagger.backends.softmax import softmax
from tagger.errors import UserError
from tagger.files import replacing
from tagger.frozen import FrozenTagger
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import read_traces
from tagger.training.devices import computing_in, resolve_device
from tagger.training.splits import Hidden

BATCH = 64
"""Traces a teacher tags in one batch; a batch is a file of the cache."""

MAX_STEPS = 400
"""Steps of a trace beyond this many are not trained on."""

Say = Callable[[str], None]
Probabilities = list[NDArray[np.float32]]
"""Of the types, (steps, types) for each trace."""


@dataclass(frozen=True)
class Distillation:
    """What is learned from teachers, in addition to labels.

    Attributes:
        teachers: The mean of their probabilities is the target of steps without a label.
        traces: JSONL files of traces as `tagger.traces.labelled.read_traces` takes them.
        label_weight: Weight of the label in the target of a labelled step, the rest is the
            teachers', in [0, 1]; at 1 they do not tag the labelled traces at all.
        cache: Folder for teacher probabilities; the same distillation reuses what it holds.
        precision: Number type in which teachers that are neural networks of PyTorch compute.
    """

    teachers: Sequence[FrozenTagger]
    traces: Sequence[Path]
    label_weight: float = 0.7
    cache: Path | None = None
    precision: Precision = "float32"

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
                    f"Teacher {teacher.fingerprint[:12]} was trained on steps of segmenter "
                    f"{theirs} and is to tag steps of {ours}; take a teacher of the same segmenter."
                )

    def about(self) -> dict[str, list[str]]:
        """Fingerprints of the teachers and names of the files, stored with the tagger."""
        return {
            "teachers": [teacher.fingerprint for teacher in self.teachers],
            "distilled_on": [Path(p).name for p in self.traces],
        }

    def probabilities(
        self, traces: Sequence[Sequence[str]], questions: Sequence[str], say: Say
    ) -> Probabilities:
        """Mean probabilities of the teachers."""
        means: Probabilities = []
        for at in range(0, len(traces), BATCH):
            say(f"Teachers tag trace {at + 1} of {len(traces)}.")
            batch = traces[at : at + BATCH], questions[at : at + BATCH]
            each = [_cached(t, *batch, self.cache, self.precision) for t in self.teachers]
            means += [np.mean(parts, axis=0, dtype=np.float32) for parts in zip(*each, strict=True)]
        return means


@dataclass(frozen=True)
class SoftLabelledTrace:
    """A trace without labels: question, step texts, and teacher probabilities, (steps, types)."""

    question: str
    steps: list[str]
    targets: NDArray[np.float32]


def unlabelled_traces(
    distillation: Distillation, segmenter: Segmenter, hidden: Hidden
) -> list[tuple[str, list[str]]]:
    """Question and step texts of the traces to be tagged, without those that are held out.

    Raises:
        UserError: A malformed file, or no trace is left.
    """
    traces = []
    for path in distillation.traces:
        for trace in read_traces(path):
            steps = trace.steps or segmenter.split(trace.thinking)
            texts = [step.text for step in steps[:MAX_STEPS]]
            if texts and not hidden.covers(trace.question, texts):
                traces.append((trace.question, texts))
    if not traces:
        raise UserError(
            f"{', '.join(map(str, distillation.traces)) or 'No file'}: no trace with a step is "
            "left for the teachers once the held-out ones are taken out; give more --traces."
        )
    return traces


def soft_label(
    distillation: Distillation, traces: Sequence[tuple[str, list[str]]], say: Say
) -> list[SoftLabelledTrace]:
    """Let the teachers tag unlabelled traces, given as question and step texts."""
    questions, texts = [q for q, _ in traces], [steps for _, steps in traces]
    targets = distillation.probabilities(texts, questions, say)
    return [SoftLabelledTrace(*row) for row in zip(questions, texts, targets, strict=True)]


def with_unsure_again(traces: Sequence[SoftLabelledTrace], share: float) -> list[SoftLabelledTrace]:
    """The traces, and once more the share of them about which the teachers are least sure.

    Args:
        traces: Soft-labelled traces.
        share: Of the traces, in [0, 1]; by the mean entropy of a step's probabilities.
    """

    def entropy(trace: SoftLabelledTrace) -> float:
        p = trace.targets.astype(np.float64)
        return float(-(p * np.log(np.maximum(p, 1e-12))).sum() / len(p))

    again = sorted(traces, key=entropy, reverse=True)[: round(share * len(traces))]
    return [*traces, *again]


def _cached(
    teacher: FrozenTagger,
    traces: Sequence[Sequence[str]],
    questions: Sequence[str],
    cache: Path | None,
    precision: Precision,
) -> Probabilities:
    """Probabilities of one teacher, from the cache if they are there.

    Rounded to 16 bits with and without a cache, so that a cache changes no result.
    """
    if cache is None:
        rounded = _predict(teacher, traces, questions, precision)
    else:
        fixed = [teacher.fingerprint, list(questions), [list(t) for t in traces]]
        if precision != "float32":  # older caches have no such entry
            fixed.append(precision)
        digest = hashlib.sha256(json.dumps(fixed).encode())
        file = cache / f"view-{digest.hexdigest()[:32]}.safetensors"  # the name older caches have
        if file.exists():
            rounded = _read(file, [(len(steps), teacher.backend.types) for steps in traces])
        else:
            rounded = _predict(teacher, traces, questions, precision)
            _write(file, rounded)
    return [row.astype(np.float32) for row in rounded]


def _read(file: Path, shapes: Sequence[tuple[int, int]]) -> list[NDArray[np.float16]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        content = load_file(str(file))
    except (OSError, SafetensorError) as error:
        raise UserError(_damaged(file, str(error))) from error
    rows = [content.get(str(i), np.zeros(0)) for i in range(len(shapes))]
    if [row.shape for row in rows] != list(shapes):
        raise UserError(_damaged(file, "it does not hold the probabilities of each step"))
    return rows


def _damaged(file: Path, why: str) -> str:
    return f"{file} is damaged ({why}); delete it to have its traces tagged again."


def _write(file: Path, probabilities: Sequence[NDArray[np.float16]]) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as draft:
            save_file({str(i): row for i, row in enumerate(probabilities)}, str(draft))
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"Teacher probabilities cannot be written to {file.parent} ({error}); make room there "
            "or name another --checkpoint folder. Those already there are reused."
        ) from error


def _predict(
    teacher: FrozenTagger,
    traces: Sequence[Sequence[str]],
    questions: Sequence[str],
    precision: Precision,
) -> list[NDArray[np.float16]]:
    """Probabilities of one teacher, computed in batches if it can, on a GPU if there is one."""
    backend = teacher.backend
    device = resolve_device("auto") if isinstance(backend, BatchScorer) else "cpu"
    with computing_in(precision, device):
        scores = score_traces(backend, traces, questions, lambda: device)
    return [softmax(rows / teacher.temperature).astype(np.float16) for rows in scores]
