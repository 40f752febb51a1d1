"""Rows of a table in CSV: comma, semicolon or tab between the columns, their names in line 1."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from tagger.errors import UserError
from tagger.traces.jsonl import decoded
from tagger.traces.opener import Opened
from tagger.traces.row import Row

SUFFIXES = (".csv", ".tsv")
"""Names that say that a file is such a table; its first bytes do not."""

_LONGEST_FIELD = 1 << 27


def csv_rows(file: Opened) -> Iterator[Row]:
    """Read a table row by row; every value is a text, an empty one where a cell is empty.

    Args:
        file: The open table.

    Yields:
        The rows, each under the number of its last line.

    Raises:
        UserError: The header is missing or names a column twice, or a row has more or fewer cells.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    lines = (
        decoded(line, f"{file.name}, line {number}", number == 1)
        for number, line in enumerate(file.lines, 1)
    )
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(_chain(first, lines), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, file.name)
        for cells in reader:
            where = f"{file.name}, line {reader.line_num}"
            if not any(cells):
                continue
            if len(cells) != len(header):
                raise UserError(
                    f"{where}: {len(cells)} cells, but the header names {len(header)} columns; "
                    "put texts that hold the separator in double quotes."
                )
            values = dict(zip(header, cells, strict=True))
            yield Row(reader.line_num, where, values, "")
    except csv.Error as error:
        raise UserError(
            f"{file.name}, line {reader.line_num}: no valid CSV ({error}); double the quotes inside"
            " quoted texts."
        ) from error


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _check_header(header: list[str], name: str) -> None:
    twice = next((column for column in header if header.count(column) > 1), None)
    if twice is not None:
        raise UserError(f"{name}, line 1: the header names the column {twice!r} twice.")
    if len(header) < 2:
        raise UserError(
            f"{name}, line 1: the header must name the columns, question and reference at least."
        )
