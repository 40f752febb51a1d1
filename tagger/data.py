"""Reading traces: JSONL files, plain, gzipped or from standard input, with line-numbered errors."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tagger.errors import UserError
from tagger.steps import Step
from tagger.taxonomy import REASONTYPE, Taxonomy
from tagger.thinking import known_delimiters_in, split_thinking

STEP_GAP = "\n\n"
"""What steps given as a list are joined with to make a thinking text."""


@dataclass(frozen=True)
class LabelledTrace:
    """A trace some or all of whose steps carry a type.

    Attributes:
        id: Its name.
        question: The problem text, empty if unknown.
        steps: Texts of all steps, in order.
        labels: Full name of the type, by index of the step.
        about: All other fields of the row (dataset, model, ...).
    """

    id: str
    question: str
    steps: tuple[str, ...]
    labels: dict[int, str]
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trace:
    """An unlabelled trace to be tagged.

    Attributes:
        id: Its name; the line number if the row gives none.
        question: The problem text, empty if unknown.
        thinking: The thinking text.
        steps: Its steps where the row brought them, else None: cut it with a segmenter.
    """

    id: str
    question: str
    thinking: str
    steps: tuple[Step, ...] | None


def steps_from_texts(texts: Sequence[str]) -> tuple[str, tuple[Step, ...]]:
    """Join step texts with blank lines.

    Args:
        texts: The steps.

    Returns:
        The thinking they make, and the steps with their spans in it.
    """
    steps, at = [], 0
    for text in texts:
        steps.append(Step(text, at, at + len(text)))
        at += len(text) + len(STEP_GAP)
    return STEP_GAP.join(texts), tuple(steps)


def read_rows(path: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a JSONL file row by row.

    Args:
        path: A file, gzipped if its first bytes say so, or ``-`` for standard input. Blank
            lines are skipped.

    Yields:
        Where the row stands (``file, line 3``), and the row.

    Raises:
        UserError: The file is missing or unreadable, or a line is not a JSON object.
    """
    name = "standard input" if str(path) == "-" else str(path)
    with _opened(path, name) as lines:
        number = 0
        try:
            for number, line in enumerate(lines, start=1):
                where = f"{name}, line {number}"
                if line.strip():
                    yield where, _parse(line, where)
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
            raise UserError(
                f"{name}, after line {number}: cannot be read as UTF-8 text ({error}); "
                "give a JSONL file, plain or gzipped."
            ) from error


def read_labelled(path: str | Path, taxonomy: Taxonomy = REASONTYPE) -> Iterator[LabelledTrace]:
    """Read labelled traces: rows with ``steps`` (texts) and ``labels`` ({index: type}).

    Args:
        path: As for `read_rows`.
        taxonomy: Types that labels may name, by tag or full name.

    Yields:
        The traces, in the order of the file.

    Raises:
        UserError: A malformed row, an unknown type or a label of a step that is not there.
    """
    for where, row in read_rows(path):
        steps = tuple(_step_texts(row, where))
        labels = row.get("labels")
        if not isinstance(labels, dict):
            raise UserError(f'{where}: "labels" must be an object such as {{"0": "VERIFY"}}.')
        named = {}
        for key, label in labels.items():
            if not key.isdecimal() or int(key) >= len(steps):
                raise UserError(
                    f"{where}: label index {key!r} names none of the {len(steps)} steps; "
                    "count from 0."
                )
            try:
                named[int(key)] = taxonomy.get(str(label)).name
            except UserError as error:
                raise UserError(f"{where}: {error}") from error
        rest = {k: v for k, v in row.items() if k not in ("id", "question", "steps", "labels")}
        trace_id = str(row.get("id", where))
        yield LabelledTrace(trace_id, _text(row, "question", where), steps, named, rest)


def read_traces(path: str | Path) -> Iterator[Trace]:
    """Read traces to be tagged: rows with ``thinking``, ``completion``, ``text`` or ``steps``.

    A completion or text is what the model wrote: if it holds known thinking delimiters, what
    stands between them is the thinking, else all of it is.

    Args:
        path: As for `read_rows`.

    Yields:
        The traces, in the order of the file.

    Raises:
        UserError: A malformed row, or one with none of the four fields.
    """
    for number, (where, row) in enumerate(read_rows(path), start=1):
        name = str(row.get("id", number))
        question = _text(row, "question", where)
        if "steps" in row:
            thinking, steps = steps_from_texts(_step_texts(row, where))
            yield Trace(name, question, thinking, steps)
            continue
        key = next((k for k in ("thinking", "completion", "text") if k in row), None)
        if key is None:
            raise UserError(
                f'{where}: has none of "thinking", "completion", "text" and "steps"; add one.'
            )
        text = _text(row, key, where)
        delimiters = None if key == "thinking" else known_delimiters_in(text)
        thinking = split_thinking(text, delimiters).text if delimiters else text
        yield Trace(name, question, thinking, None)


@contextmanager
def _opened(path: str | Path, name: str) -> Iterator[IO[str]]:
    """Text lines of a file, unzipped if its first two bytes are gzip's."""
    if str(path) == "-":
        yield sys.stdin
        return
    try:
        raw = Path(path).open("rb")  # noqa: SIM115 - closed by the with below
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{name} cannot be opened ({reason}); check the path.") from error
    with raw:
        zipped = raw.peek(2)[:2] == b"\x1f\x8b"
        binary: Any = gzip.GzipFile(fileobj=raw) if zipped else raw
        with io.TextIOWrapper(binary, encoding="utf-8") as lines:
            yield lines


def _parse(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where}: not valid JSON ({error}); write one object a line.") from error
    if not isinstance(row, dict):
        raise UserError(f"{where}: a {type(row).__name__}, not an object; write one object a line.")
    return row


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise UserError(f'{where}: "{key}" must be a string, not {type(value).__name__}.')
    return value


def _step_texts(row: dict[str, Any], where: str) -> list[str]:
    steps = row.get("steps")
    if not isinstance(steps, list) or not all(isinstance(s, str) for s in steps):
        raise UserError(f'{where}: "steps" must be a list of strings.')
    return steps
