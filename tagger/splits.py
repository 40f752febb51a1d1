"""Splits by question, never by row: no question stands on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagger.data import LabelledTrace, read_labelled
from tagger.errors import UserError
from tagger.taxonomy import Taxonomy


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


def question_of(trace: LabelledTrace) -> str:
    """What keeps traces on one side of a split: the question, or the trace where it has none."""
    return trace.question or trace.id


def in_drawn_order(questions: Collection[str], seed: int) -> list[str]:
    """Questions in the order of their hashes: by chance, but the same everywhere."""
    hashes = {q: hashlib.sha256(f"{seed}:{q}".encode()).hexdigest() for q in questions}
    return sorted(hashes, key=lambda q: hashes[q])


def split_by_question(
    traces: Sequence[LabelledTrace], seed: int, share: float
) -> tuple[list[LabelledTrace], list[LabelledTrace]]:
    """Hold out the questions drawn first, at least one if there are two."""
    ordered = in_drawn_order({question_of(t) for t in traces}, seed)
    count = max(1, round(share * len(ordered))) if len(ordered) > 1 else 0
    aside = set(ordered[:count])
    kept = [t for t in traces if question_of(t) not in aside]
    return kept, [t for t in traces if question_of(t) in aside]


def read_and_hold_out(
    paths: Sequence[str | Path],
    taxonomy: Taxonomy,
    seed: int,
    share: float,
    beside: Sequence[str | Path] = (),
) -> HeldOut:
    """Read labelled files for a training and hold some questions out.

    Args:
        paths: JSONL files as `tagger.data.read_labelled` takes them; traces without a label are
            left out.
        taxonomy: Of the labels.
        seed: Chooses the held-out questions.
        share: Of the questions held out, in (0, 1).
        beside: Files of the same form that are only trained on, written traces for example: what
            is held out is to look like what will be tagged. Held-out questions are taken out.

    Raises:
        UserError: Malformed files, or too few questions.
    """
    traces = [t for path in paths for t in read_labelled(path, taxonomy) if t.labels]
    kept, aside = split_by_question(traces, seed, share)
    if not kept or not aside:
        raise UserError(
            f"{', '.join(map(str, paths))}: {len(traces)} labelled traces are too few to "
            "train and hold some out; at least two questions are needed, better hundreds."
        )
    hidden = {question_of(t) for t in aside}
    more = [t for path in beside for t in read_labelled(path, taxonomy) if t.labels]
    more = [t for t in more if question_of(t) not in hidden]
    return HeldOut([*traces, *more], [*kept, *more], aside)
