"""JSONL files, plain, gzipped or from standard input, row by row, with line-numbered errors."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from tagger.errors import UserError


def read_rows(path: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a JSONL file row by row.

    Args:
        path: A file, gzipped if its first bytes say so, or ``-`` for standard input. Blank
            lines are skipped.

    Yields:
        Where the row stands (``file, line 3``), and the row.

    Raises:
        UserError: The file is missing or unreadable, or a line is not UTF-8 or no JSON object.
    """
    name = "standard input" if str(path) == "-" else str(path)
    with _opened(path, name) as lines:
        number = 0
        try:
            for number, line in enumerate(lines, start=1):
                where = f"{name}, line {number}"
                text = decoded(line, where, first=number == 1)
                if text.strip():
                    row = parsed(text, where)
                    if "\\ud" in text or "\\uD" in text:
                        _refuse_half_characters(row, where)
                    yield where, row
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UserError(
                f"{name}, after line {number}: the gzip file is cut off or damaged ({error}); "
                "fetch it again."
            ) from error


def text_of(row: dict[str, Any], key: str, where: str) -> str:
    """A text of a row, empty if the row has none; anything but a string is a UserError."""
    value = row.get(key, "")
    if not isinstance(value, str):
        raise UserError(f'{where}: "{key}" must be a string, not {type(value).__name__}.')
    return value


@contextmanager
def _opened(path: str | Path, name: str) -> Iterator[Iterable[bytes | str]]:
    """Lines of a file, unzipped if its first two bytes are gzip's."""
    if str(path) == "-":
        yield getattr(sys.stdin, "buffer", sys.stdin)
        return
    try:
        raw = Path(path).open("rb")  # noqa: SIM115 - closed by the with below
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{name} cannot be opened ({reason}); check the path.") from error
    with raw:
        yield unzipped(raw)


def unzipped(raw: Any) -> Iterable[bytes]:
    """Lines of an open file, unzipped if its first two bytes are gzip's."""
    zipped = raw.peek(2)[:2] == b"\x1f\x8b"
    return cast("Iterable[bytes]", gzip.GzipFile(fileobj=raw) if zipped else raw)


def decoded(line: bytes | str, where: str, first: bool) -> str:
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
        raise UserError(
            f"{where}: byte {error.start + 1} (0x{line[error.start]:02x}) is not UTF-8; save the "
            "file as UTF-8, for example with iconv -f latin1 -t utf-8."
        ) from error


def parsed(text: str, where: str) -> dict[str, Any]:
    """A line of JSON as a row.

    Raises:
        UserError: It is no JSON object.
    """
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: not valid JSON ({error}); write one object a line.") from error
    if not isinstance(row, dict):
        raise UserError(f"{where}: a {type(row).__name__}, not an object; write one object a line.")
    return row


def _refuse_half_characters(row: dict[str, Any], where: str) -> None:
    r"""An escape such as ``\ud83d`` alone is half a character that no file can hold."""
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise UserError(
            f"{where}: the escape {ascii(half)[1:-1]} stands alone and is half a character; "
            "write the character itself or drop it."
        ) from error
