"""Rows of a file: JSON Lines, a JSON array, JSON objects one after the other, or Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.traces.json_document import document_rows
from tagger.traces.json_object import DECODER, DoubledKey
from tagger.traces.opener import Opened, opened
from tagger.traces.row import Row


def read_rows(path: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a file row by row, and refuse text that no file can hold.

    Args:
        path: A file that `numbered_rows` reads, or ``-`` for standard input.

    Yields:
        Where the row stands (``file, line 3``), and the row.

    Raises:
        UserError: As `numbered_rows`, or a row holds half a character.
    """
    with opened(path) as file:
        for row in numbered_rows(file):
            refuse_half_characters(row)
            yield row.where, row.values


def numbered_rows(file: Opened) -> Iterator[Row]:
    """Read the rows of an open file; memory stays bounded but for a JSON document.

    A line that begins a JSON document (an array, or an object written over several lines) makes
    the rest of the file be read as a whole.

    Args:
        file: The file; blank lines are skipped, a byte order mark too.

    Yields:
        The rows, in order.

    Raises:
        UserError: A line is not UTF-8, not JSON, or no object; or the table is damaged.
    """
    if file.parquet:
        from tagger.traces.parquet import parquet_rows

        for number, values in enumerate(parquet_rows(file), start=1):
            yield Row(number, f"{file.name}, row {number}", values, "")
        return
    name, begun = file.name, False
    for number, line in enumerate(file.lines, start=1):
        where = f"{name}, line {number}"
        text = decoded(line, where, first=number == 1)
        if not text.strip():
            continue
        if _begins_document(text, begun):
            rest = (
                decoded(raw, f"{name}, line {n}") for n, raw in enumerate(file.lines, number + 1)
            )
            yield from document_rows("".join([text, *rest]), name, number)
            return
        begun = True
        yield Row(number, where, parsed(text, where), text)


def _begins_document(text: str, begun: bool) -> bool:
    """Whether a line is the first of a JSON document rather than a row.

    Args:
        text: The line.
        begun: Whether rows came before it; then an opening bracket alone makes a document.
    """
    bare = text.strip()
    if bare in ("{", "["):
        return True
    if begun or bare[0] not in "{[":
        return False
    return bare[0] == "[" or bare[-1] in "{[,:"


def text_of(row: dict[str, Any], key: str, where: str) -> str:
    """A text of a row, empty if it has none or null; anything but a string is a UserError."""
    value = "" if row.get(key) is None else row[key]
    if not isinstance(value, str):
        raise UserError(f'{where}: "{key}" must be a string, not {type(value).__name__}.')
    return value


def decoded(line: bytes | str, where: str, first: bool = False) -> str:
    """A line as text.

    Args:
        line: As it was read.
        where: Place of the line for messages.
        first: Whether it is the first one, on which editors put a mark.

    Raises:
        UserError: It is not UTF-8.
    """
    if isinstance(line, str):
        return line
    try:
        return line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        if first and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise UserError(
                f"{where}: the file is UTF-16; save it as UTF-8, for example with "
                "iconv -f utf-16 -t utf-8."
            ) from error
        raise UserError(
            f"{where}: byte {error.start + 1} (0x{line[error.start]:02x}) is not UTF-8; save the "
            "file as UTF-8, for example with iconv -f latin1 -t utf-8."
        ) from error


def parsed(text: str, where: str) -> dict[str, Any]:
    """A line of JSON as a row.

    Raises:
        UserError: It is no JSON object, or an object in it names a key twice.
    """
    try:
        row = DECODER.decode(text)
    except DoubledKey as error:
        raise UserError(f"{where}: {error}") from error
    except (ValueError, RecursionError) as error:
        # Places within the text would name a line that is not the file's.
        reason = error.msg if isinstance(error, json.JSONDecodeError) else error
        raise UserError(
            f"{where}: not valid JSON ({reason}); write one object a line, or one JSON array."
        ) from error
    if not isinstance(row, dict):
        raise UserError(f"{where}: a {type(row).__name__}, not an object; write one object a line.")
    return row


def refuse_half_characters(row: Row) -> None:
    r"""Refuse an escape such as ``\ud83d`` alone: half a character, which no file can hold.

    Raises:
        UserError: The row holds one.
    """
    if "\\ud" not in row.source and "\\uD" not in row.source:
        return
    try:
        json.dumps(row.values, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise UserError(
            f"{row.where}: the escape {ascii(half)[1:-1]} stands alone and is half a character; "
            "write the character itself or drop it."
        ) from error
