"""Splitting the rows of files by question, into rows to train on and rows held out.

Rows that share their question, or the first 200 characters of their thinking, stay together: one
problem is written down in several ways, and science questions often come without their text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.traces.jsonl import read_rows, text_of
from tagger.traces.rows import THINKING_FIELDS, traces_of_row
from tagger.training.splits import bare_text, in_drawn_order, opening_of


@dataclass(frozen=True)
class KeyedRow:
    """A row and what it is known by.

    Attributes:
        values: The row as it was read.
        name: Its question, white space normalised; where it has none, its id, else its file and
            number.
        keys: Its question, if it has one, and the opening of each of its traces; a row of blank
            thinking without a question has a key of its own.
    """

    values: dict[str, Any]
    name: str
    keys: frozenset[str]


@dataclass(frozen=True)
class SplitRows:
    """Rows in two parts, each in the order of the files.

    Attributes:
        train: Those to train on.
        held_out: Those held out.
    """

    train: list[KeyedRow]
    held_out: list[KeyedRow]


def read_keyed_rows(paths: Iterable[str | Path]) -> list[KeyedRow]:
    """Read the rows of files, labelled or not, that `tagger.traces.rows.traces_of_row` reads.

    Raises:
        UserError: A malformed row, or one without any thinking.
    """
    found = []
    for path in paths:
        for number, (where, row) in enumerate(read_rows(path), start=1):
            name = f"{Path(path).name} {number}"
            traces = traces_of_row(row, where, name)
            blank = any(isinstance(row.get(field), str) for field in THINKING_FIELDS)
            if not traces and not blank:
                fields = ", ".join(f'"{field}"' for field in THINKING_FIELDS)
                raise UserError(f"{where}: has no thinking in {fields}; add one of them.")
            asked = [trace.question for trace in traces] or [text_of(row, "question", where)]
            questions = {bare_text(question) for question in asked} - {""}
            openings = {
                opening_of([s.text for s in trace.steps] if trace.steps else [trace.thinking])
                for trace in traces
            }
            keys = {f"question {q}" for q in questions} | {f"opening {o}" for o in openings}
            name = min(questions, default=traces[0].id if traces else name)
            found.append(KeyedRow(row, name, frozenset(keys or {f"row {name}"})))
    return found


def hold_out_share(
    rows: Sequence[KeyedRow], share: float, seed: int, train_only: Sequence[KeyedRow] = ()
) -> SplitRows:
    """Hold out the rows of questions drawn by hash; the same everywhere, whatever their order.

    Args:
        rows: All rows.
        share: Of their questions to hold out, in (0, 1); at least one.
        seed: Chooses the questions.
        train_only: Rows trained on in any case; no row that shares a question with them is drawn.

    Raises:
        UserError: Fewer questions can be held out than the share asks for, or none would be left.
    """
    known = frozenset[str]().union(*(row.keys for row in train_only))
    groups: dict[str, list[KeyedRow]] = {}
    for group in _groups(rows):
        groups.setdefault(min(row.name for row in group), []).extend(group)
    free = [name for name, group in groups.items() if not any(r.keys & known for r in group)]
    count = max(1, round(share * len(groups)))
    if count > len(free) or count >= len(groups):
        raise UserError(
            f"{count} of {len(groups)} questions are to be held out, and {len(free)} can be: "
            "the others are in the files trained on in any case, and one at least must be left; "
            "lower the share or give more rows."
        )
    drawn = in_drawn_order(free, seed)[:count]
    aside = {id(row) for name in drawn for row in groups[name]}
    return _parted(rows, aside)


def hold_out_known(rows: Sequence[KeyedRow], test: Sequence[KeyedRow]) -> SplitRows:
    """Hold out the rows that share a question or an opening with a row of a test set."""
    known = frozenset[str]().union(*(row.keys for row in test))
    return _parted(rows, {id(row) for row in rows if row.keys & known})


def _parted(rows: Sequence[KeyedRow], aside: set[int]) -> SplitRows:
    train = [row for row in rows if id(row) not in aside]
    return SplitRows(train, [row for row in rows if id(row) in aside])


def _groups(rows: Sequence[KeyedRow]) -> list[list[KeyedRow]]:
    """Rows that share a key, directly or through others, together."""
    group_of: dict[str, list[KeyedRow]] = {}
    for row in rows:
        joined = [row]
        for other in {id(g): g for g in (group_of.get(key) for key in row.keys) if g}.values():
            joined += other
        for member in joined:
            group_of |= dict.fromkeys(member.keys, joined)
    return list({id(group): group for group in group_of.values()}.values())
