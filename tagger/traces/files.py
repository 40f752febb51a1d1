"""Reading traces from files, folders and standard input: rows or plain text, compressed or not.

Files are read as bytes, line by line, so that memory stays bounded and an undecodable byte is
reported with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from tagger.errors import UserError
from tagger.traces.fields import is_blank, value_at
from tagger.traces.jsonl import decoded, numbered_rows
from tagger.traces.opener import COMPRESSED_SUFFIXES, STANDARD_INPUT, Opened, bare_name, opened
from tagger.traces.rows import Fields, SourceTrace, traces_of_row

PATTERNS = ("*.jsonl", "*.ndjson", "*.parquet", "*.txt", "*.md")
"""Files that are read in a folder, compressed ones too."""

KINDS = ("auto", "jsonl", "text")
"""What a file may be told to hold; ``jsonl`` is rows of any kind."""

_NO_TRACES = re.compile(
    r"(readme|license|licence|changelog|notice|requirements|merges|vocab)\b|(packages|log)\.txt",
    re.I,
)
"""Documents about a folder, notes of runs and the text files of tokenizers."""
_ROWS = re.compile(r"\s*(?:\[\s*)?\{\s*[\"}]|\s*[\[{]\s*$")
_ROW_SUFFIXES = (".jsonl", ".ndjson", ".json", ".parquet")
_TEXT_SUFFIXES = (".txt", ".md")
_TABLE_SUFFIXES = (".arrow", ".csv")
_OTHER_TABLES = (".tsv", ".feather", ".xlsx", ".xls", ".ods")
_SUFFIXES = tuple(pattern.removeprefix("*") for pattern in PATTERNS)


@dataclass
class Tally:
    """What has been read so far; readers keep it up to date.

    Attributes:
        rows: Rows (or text files) read.
        skipped: Rows among them without thinking.
        first_skipped: Where the first of those stands.
        keys: Fields of that row.
        named: Fields for question and reference that the user named and that some row fills.
        refused: Rows with thinking whose reference is no answer.
        first_refused: Where the first of those stands, and why it is none.
        bytes_read: Of the files on disk, before decompression.
        bytes_total: Of all files; 0 if unknown.
    """

    rows: int = 0
    skipped: int = 0
    first_skipped: str = ""
    keys: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    refused: int = 0
    first_refused: str = ""
    bytes_read: int = 0
    bytes_total: int = 0

    def count(
        self,
        traces: Sequence[SourceTrace],
        where: str,
        row: Mapping[str, Any],
        fields: Fields = Fields(),
    ) -> None:
        """Note a row, whether it had thinking, and whether its reference is an answer.

        Args:
            traces: What was made of it.
            where: It stands.
            row: Its field values by name; none for a text.
            fields: What was looked for in it.
        """
        self.rows += 1
        for path in (fields.question, fields.reference):
            if path and path not in self.named and not is_blank(value_at(row, path)):
                self.named.add(path)
        if not traces:
            if not self.skipped:
                self.first_skipped, self.keys = where, list(row)
            self.skipped += 1
        elif traces[0].refused:
            if not self.refused:
                self.first_refused = f"{where}: {traces[0].refused}"
            self.refused += 1


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
        if Path(bare_name(path)).suffix in (*_TABLE_SUFFIXES, *_OTHER_TABLES):
            raise UserError(
                f"{name} is a table that is not read; make JSON Lines or Parquet of it."
            )
        found[name] = None
    return list(found)


def _in_folder(folder: Path) -> list[str]:
    if (folder / "config.yaml").is_file() and (folder / "metrics.jsonl").is_file():
        if not (folder / "rollouts").is_dir():
            raise UserError(
                f"The training run {folder} kept no rollouts; begin one with keep_rollouts, e.g. "
                "{every: 25, count: 64}."
            )
        folder = folder / "rollouts"
    paths = sorted(p for p in folder.rglob("*") if bare_name(p).endswith(_SUFFIXES))
    inner = ((p, p.relative_to(folder).parts) for p in paths if p.is_file())
    found = [
        str(path)
        for path, parts in inner
        if not any(part.startswith(".") for part in parts) and not _NO_TRACES.match(path.name)
    ]
    if not found:
        raise UserError(
            f"Folder {folder} holds no traces; it needs files {', '.join(PATTERNS)}, plain or "
            f"{', '.join(COMPRESSED_SUFFIXES)} (READMEs and hidden files do not count; name a "
            ".json file itself)."
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
        kind: ``jsonl`` (rows of any kind), ``text``, or ``auto``: by suffix, else by the first
            line.

    Yields:
        The traces; a text file is one trace, its thinking between delimiters if it has any.

    Raises:
        UserError: A file cannot be opened or read, or a row is malformed.
    """
    tally = Tally() if tally is None else tally
    on_disk = [path != STANDARD_INPUT and Path(path).is_file() for path in paths]
    sizes = [
        Path(p).stat().st_size if there else 0 for p, there in zip(paths, on_disk, strict=True)
    ]
    tally.bytes_total = sum(sizes) if all(on_disk) else 0
    several = len(paths) > 1
    before = 0
    for path, size, there in zip(paths, sizes, on_disk, strict=True):
        with opened(path) as file:
            for trace in _read(file, fields, tally, kind, several):
                if there:  # a pipe has no place to tell
                    tally.bytes_read = before + file.raw.tell()
                yield trace
        before += size


def _read(
    file: Opened, fields: Fields, tally: Tally, kind: str, several: bool
) -> Iterator[SourceTrace]:
    name = file.name
    if kind == "auto":
        kind, file = _kind_of(file)
    if kind == "text":
        text = "".join(decoded(x, f"{name}, line {n}", n == 1) for n, x in enumerate(file.lines, 1))
        of_text = Fields("text", delimiters=fields.delimiters)
        traces = traces_of_row({"text": text}, name, name, of_text)
        tally.count(traces, name, {})
        yield from traces
        return
    for number, where, row, _ in numbered_rows(file):
        if several:
            row.setdefault("dataset", Path(name).name)
        traces = traces_of_row(row, where, f"{name}:{number}" if several else str(number), fields)
        tally.count(traces, where, row, fields)
        yield from traces


def _kind_of(file: Opened) -> tuple[str, Opened]:
    """Say what a file holds, by its name or its first line with something on it.

    Raises:
        UserError: Its name says text, and it begins like rows.
    """
    suffix = Path(bare_name(file.name)).suffix.lower()
    if file.parquet or suffix in _ROW_SUFFIXES:
        return "jsonl", file
    seen: list[bytes | str] = []
    for line in file.lines:
        seen.append(line)
        if line.strip():
            break
    file = replace(file, lines=chain(seen, file.lines))
    head = decoded(seen[-1], f"{file.name}, line {len(seen)}", len(seen) == 1) if seen else ""
    rows = bool(_ROWS.match(head))
    if rows and suffix in _TEXT_SUFFIXES:
        raise UserError(
            f"{file.name} is named as text but begins like JSON rows; say which it is by "
            "kind=jsonl or kind=text."
        )
    return ("jsonl" if rows else "text"), file
