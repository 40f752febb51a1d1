"""Splits by question, never by row: no question is on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace, read_labelled


@dataclass(frozen=True)
class HeldOut:
    """Labelled traces in two parts.

    Attributes:
        traces: All of them, in the order of the files.
        kept: Those to train on.
        aside: Those held out.
    """

    traces: list[LabelledTrace]
    kept: list[LabelledTrace]
    aside: list[LabelledTrace]


_OPENING = 200  # characters by which a trace is known again


def question_of(trace: LabelledTrace) -> str:
    """Key of a split by question: the question, or the id of a trace without one."""
    return trace.question or trace.id


def half_of(question: str) -> int:
    """0 or 1, drawn by hash: the half of the questions that one belongs to, in every process."""
    return hashlib.sha256(question.encode()).digest()[0] % 2


def bare_question(trace: LabelledTrace) -> str:
    """The same with white space normalised, so that questions compare equal."""
    return bare_text(question_of(trace))


def bare_text(text: str) -> str:
    """A text with white space normalised."""
    return " ".join(text.split())


class Hidden:
    """The held-out traces: recognises others that must then not be trained on.

    Args:
        traces: Those held out.
    """

    def __init__(self, traces: Iterable[LabelledTrace]) -> None:
        held = list(traces)
        self._questions = {bare_text(t.question) for t in held} - {""}
        self._openings = {opening_of(t.steps) for t in held} - {""}

    def covers(self, question: str, steps: Sequence[str]) -> bool:
        """Whether a trace has a held-out question, or opens as a held-out trace does.

        White space does not count; without a question a trace is known by its opening alone.
        """
        return bare_text(question) in self._questions or opening_of(steps) in self._openings


def opening_of(steps: Sequence[str]) -> str:
    """The first 200 characters of a trace, however it is cut into steps."""
    words: list[str] = []
    size = 0
    for step in steps:
        more = step.split()
        words += more
        size += sum(map(len, more)) + len(more)
        if size > _OPENING:
            break
    return " ".join(words)[:_OPENING]


def in_drawn_order(questions: Collection[str], seed: int) -> list[str]:
    """Questions in the order of their hashes: random, but the same everywhere."""
    hashes = {q: hashlib.sha256(f"{seed}:{q}".encode()).hexdigest() for q in questions}
    return sorted(hashes, key=lambda q: hashes[q])


def split_by_question(
    traces: Sequence[LabelledTrace], seed: int, share: float
) -> tuple[list[LabelledTrace], list[LabelledTrace]]:
    """Hold out the questions drawn first, at least one if there are two."""
    written: dict[str, str] = {}  # each question as it was first written
    for trace in traces:
        written.setdefault(bare_question(trace), question_of(trace))
    ordered = in_drawn_order(written.values(), seed)
    count = max(1, round(share * len(ordered))) if len(ordered) > 1 else 0
    aside = {bare_text(question) for question in ordered[:count]}
    kept = [t for t in traces if bare_question(t) not in aside]
    return kept, [t for t in traces if bare_question(t) in aside]


def hold_out(
    traces: Sequence[LabelledTrace], seed: int, share: float, paths: Sequence[str | Path]
) -> tuple[list[LabelledTrace], list[LabelledTrace]]:
    """Hold some questions out of the labelled traces of some files.

    Raises:
        UserError: Too few questions, or a share that leaves none to train on.
    """
    kept, aside = split_by_question(traces, seed, share)
    if aside and not kept:
        count = len({bare_question(trace) for trace in aside})
        raise UserError(
            f"{', '.join(map(str, paths))}: a held-out share of {share:g} leaves none of the "
            f"{count} questions to train on; lower it."
        )
    if not kept or not aside:
        raise UserError(
            f"{', '.join(map(str, paths))}: {len(traces)} labelled traces are too few to "
            "train and hold some out; at least two questions are needed, better hundreds."
        )
    return kept, aside


def read_and_hold_out(
    paths: Sequence[str | Path],
    taxonomy: Taxonomy,
    seed: int,
    share: float,
    train_only: Sequence[str | Path] = (),
) -> HeldOut:
    """Read labelled files for a training and hold some questions out.

    Args:
        paths: JSONL files as `tagger.traces.labelled.read_labelled` takes them; traces
            without a label are left out.
        taxonomy: Of the labels.
        seed: Chooses the held-out questions.
        share: Of the questions held out, in (0, 1).
        train_only: Files of the same form of which nothing is held out, synthetic traces for
            example: held-out traces should look like what will be tagged. Traces with a held-out
            question are dropped, and those that open as a held-out trace does.

    Raises:
        UserError: Malformed files, too few questions, or a share that leaves none to train on.
    """
    traces = [t for path in paths for t in read_labelled(path, taxonomy) if t.labels]
    kept, aside = hold_out(traces, seed, share, paths)
    hidden = Hidden(aside)
    more = [t for path in train_only for t in read_labelled(path, taxonomy) if t.labels]
    more = [t for t in more if not hidden.covers(t.question, t.steps)]
    return HeldOut([*traces, *more], [*kept, *more], aside)
