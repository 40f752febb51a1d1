"""Reading traces from files, folders and standard input: JSON Lines or plain text, gzipped or not.

Files are read as bytes, line by line, so that memory stays bounded and an undecodable byte is
reported with its line.
"""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO

from tagger.errors import UserError
from tagger.traces.jsonl import decoded, parsed, unzipped
from tagger.traces.rows import Fields, SourceTrace, traces_of_row

STANDARD_INPUT = "-"
PATTERNS = ("*.jsonl", "*.jsonl.gz", "*.txt", "*.md")
"""Files that are read in a folder."""

KINDS = ("auto", "jsonl", "text")
"""What a file may be told to hold."""

_ABOUT_A_FOLDER = re.compile(r"(readme|license|licence|changelog)\b", re.I)
_ROWS = re.compile(rb"\s*\{\s*[\"}]")
_ROW_SUFFIXES = (".jsonl", ".ndjson")
_TEXT_SUFFIXES = (".txt", ".md")
_TABLE_SUFFIXES = (".parquet", ".arrow", ".csv")


@dataclass
class Tally:
    """What has been read so far; readers keep it up to date.

    Attributes:
        rows: Rows (or text files) read.
        skipped: Rows among them without thinking.
        first_skipped: Where the first of those stands.
        keys: Fields of that row.
        bytes_read: Of the files on disk, gzipped ones as they lie there.
        bytes_total: Of all files; 0 if unknown.
    """

    rows: int = 0
    skipped: int = 0
    first_skipped: str = ""
    keys: list[str] = field(default_factory=list)
    bytes_read: int = 0
    bytes_total: int = 0

    def count(self, traces: Sequence[SourceTrace], where: str, keys: Iterable[str]) -> None:
        """Note a row and whether it had thinking."""
        self.rows += 1
        if not traces:
            if not self.skipped:
                self.first_skipped, self.keys = where, list(keys)
            self.skipped += 1


def find_inputs(inputs: Sequence[str]) -> list[str]:
    """Name every file to read; folders are searched, hidden files and READMEs left out.

    Args:
        inputs: Files, folders, or ``-`` for standard input.

    Returns:
        Paths, each once: in the order given, those of a folder sorted.

    Raises:
        UserError: A path is not there, a folder holds nothing to read, or a file is a table that
            only ``--dataset`` reads.
    """
    found: dict[str, None] = {}
    for name in inputs:
        path = Path(name)
        if name != STANDARD_INPUT and path.is_dir():
            found.update(dict.fromkeys(_in_folder(path)))
            continue
        if name != STANDARD_INPUT and not path.exists():
            raise UserError(f"{name} cannot be opened (no such file or folder); check the path.")
        if path.suffix in _TABLE_SUFFIXES:
            raise UserError(
                f"{name} is a table; read it with --dataset {name} --column COLUMN instead."
            )
        found[name] = None
    return list(found)


def _in_folder(folder: Path) -> list[str]:
    paths = sorted({p for pattern in PATTERNS for p in folder.rglob(pattern) if p.is_file()})
    inner = ((p, p.relative_to(folder).parts) for p in paths)
    found = [
        str(path)
        for path, parts in inner
        if not any(part.startswith(".") for part in parts) and not _ABOUT_A_FOLDER.match(path.name)
    ]
    if not found:
        raise UserError(
            f"Folder {folder} holds no traces; it needs files {', '.join(PATTERNS)} "
            "(READMEs and hidden files do not count)."
        )
    return found


def read_files(
    paths: Sequence[str], fields: Fields = Fields(), tally: Tally | None = None, kind: str = "auto"
) -> Iterator[SourceTrace]:
    """Read the traces of some files, one file after the other.

    Args:
        paths: What `find_inputs` found.
        fields: Which fields of a row to read.
        tally: Kept up to date while reading.
        kind: ``jsonl``, ``text``, or ``auto``: by suffix, else by the first line.

    Yields:
        The traces; a text file is one trace, its thinking between delimiters if it has any.

    Raises:
        UserError: A file cannot be opened or read, or a row is malformed.
    """
    tally = Tally() if tally is None else tally
    sizes = [0 if p == STANDARD_INPUT else Path(p).stat().st_size for p in paths]
    tally.bytes_total = sum(sizes) if STANDARD_INPUT not in paths else 0
    several = len(paths) > 1
    before = 0
    for path, size in zip(paths, sizes, strict=True):
        name = "standard input" if path == STANDARD_INPUT else path
        with _opened(path, name) as (raw, lines):
            for trace in _read(_guarded(lines, name), path, name, fields, tally, kind, several):
                if raw is not None:
                    tally.bytes_read = before + raw.tell()
                yield trace
        before += size


def _read(
    lines: Iterator[bytes],
    path: str,
    name: str,
    fields: Fields,
    tally: Tally,
    kind: str,
    several: bool,
) -> Iterator[SourceTrace]:
    if kind == "auto":
        kind, lines = _kind_of(path, lines)
    if kind == "text":
        text = "".join(_texts(lines, name))
        traces = traces_of_row({"text": text}, name, name)
        tally.count(traces, name, [])
        yield from traces
        return
    for number, line in enumerate(_texts(lines, name), start=1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        row = parsed(line, where)
        if several:
            row.setdefault("dataset", Path(name).name)
        traces = traces_of_row(row, where, f"{name}:{number}" if several else str(number), fields)
        tally.count(traces, where, row)
        yield from traces


def _kind_of(path: str, lines: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    """Say what a file holds, by its name or its first line with something on it."""
    bare = path.removesuffix(".gz")
    if bare.endswith(_ROW_SUFFIXES):
        return "jsonl", lines
    if bare.endswith(_TEXT_SUFFIXES):
        return "text", lines
    seen: list[bytes] = []
    for line in lines:
        seen.append(line)
        if line.strip():
            break
    rows = bool(seen and _ROWS.match(seen[-1].removeprefix(b"\xef\xbb\xbf")))
    return "jsonl" if rows else "text", chain(seen, lines)


@contextmanager
def _opened(path: str, name: str) -> Iterator[tuple[IO[bytes] | None, Iterable[bytes]]]:
    """The file as it lies on disk (None for standard input) and its lines, unzipped."""
    if path == STANDARD_INPUT:
        yield None, unzipped(sys.stdin.buffer)
        return
    try:
        raw = Path(path).open("rb")  # noqa: SIM115 - closed by the with below
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"{name} cannot be opened ({reason}); check the path.") from error
    with raw:
        yield raw, unzipped(raw)


def _guarded(lines: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Lines of a file whose gzip may be broken."""
    try:
        yield from lines
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(
            f"{name}: the gzip data is cut short or damaged ({error}); make the file again."
        ) from error
    except OSError as error:
        raise UserError(f"{name} cannot be read ({error.strerror or error}).") from error


def _texts(lines: Iterable[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        yield decoded(line, f"{name}, line {number}", first=number == 1)
