"""Files and folders appear whole or not at all, whatever happens while they are written.

`replacing` is the one way: a draft under a temporary name in the same folder, flushed to the disk,
renamed, and the folder flushed, so that the new name survives a power cut. Everything the kit
writes and reads again goes through it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tagger.errors import UserError


def check_new(path: Path | None) -> None:
    """Refuse an output file that exists or has no folder, before anything expensive is done.

    Raises:
        UserError: It does.
    """
    if path is None:
        return
    if path.exists():
        raise UserError(
            f"Output file {path} already exists and is never overwritten; name another."
        )
    if not path.parent.is_dir():
        raise UserError(f"Output file {path}: there is no folder {path.parent}; make it first.")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file under a temporary name; it takes its place when all went well.

    Yields:
        The draft, to be written and closed.

    Raises:
        OSError: The disk refuses; `path` is as it was, and no draft is left.
    """
    draft = _draft_of(path)
    try:
        yield draft
        _flush(draft)
        draft.replace(path)
        flush_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """A new UTF-8 file, written under a temporary name and renamed when all went well.

    Raises:
        UserError: Something exists there, or it cannot be opened.
    """
    check_new(path)
    with replacing(path) as draft:
        with _told(f"Output file {path}"):
            lines = draft.open("w", encoding="utf-8", newline="\n")
        with lines:
            yield lines
        check_new(path)


def write_rows(lines: IO[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON Lines, one at a time."""
    for row in rows:
        lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_new(path: Path, text: str) -> None:
    """Write a new file at once.

    Raises:
        UserError: Something exists there, or it cannot be written.
    """
    with _told(f"Output file {path}"), new_file(path) as lines:
        lines.write(text)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A new folder under a temporary name, which is renamed when all went well.

    Yields:
        The folder to write into.

    Raises:
        UserError: Something exists there.
    """
    if folder.exists():
        raise UserError(f"Output folder {folder} already exists; name a new folder.")
    draft = _draft_of(folder)
    try:
        draft.mkdir(parents=True)
        yield draft
        flush_all(draft)
        draft.rename(folder)
        flush_folder(folder.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_new_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write text files into a new folder.

    Raises:
        UserError: The folder exists or cannot be written.
    """
    with _told(f"Output folder {folder}"), new_folder(folder) as draft:
        for name, text in files.items():
            (draft / name).write_text(text, encoding="utf-8")


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a file, text as UTF-8, in place of what is there; its folder is made.

    Raises:
        UserError: It cannot be written; what was there is as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    with _told(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as draft:
            draft.write_bytes(data)


def read_json(path: Path, remedy: str | None = None, keys: Iterable[str] = ()) -> dict[str, Any]:
    """Read a JSON object, such as `write_json` wrote.

    Args:
        path: The file.
        remedy: What to do about a file that is missing or damaged, in the imperative. Without one
            a missing file is an `OSError`, for callers that know what to do without it.
        keys: What it must hold.

    Raises:
        OSError: It is not there, or cannot be read, and no remedy is given.
        UserError: It holds no JSON object, or lacks a key; with a remedy also if it cannot be read.
    """
    advice = remedy or "it was changed or damaged, put it back"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        if remedy is None:
            raise
        raise UserError(f"{path} cannot be read ({error.strerror or error}); {remedy}.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON ({error}); {advice}.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no JSON object; {advice}.")
    if lacking := [key for key in keys if key not in content]:
        raise UserError(f"{path} lacks {lacking[0]!r}; {advice}.")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object, as `write_atomically`."""
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def flush_all(folder: Path) -> None:
    """Wait until the disk has everything in a folder, its folders included.

    Raises:
        OSError: It cannot.
    """
    for part in sorted(folder.rglob("*"), reverse=True):
        if part.is_file():
            _flush(part)
        else:
            flush_folder(part)
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can."""
    with suppress(OSError):
        _flush(folder)


def _flush(path: Path) -> None:
    """Wait until the disk has it.

    Raises:
        OSError: It cannot.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell a failure of the disk in one sentence."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{what} cannot be written: {error.strerror or error}.") from error
