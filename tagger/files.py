"""New files and folders: never over an old one, and whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
def new_file(path: Path) -> Iterator[IO[str]]:
    """A new UTF-8 file, written under a temporary name and renamed when all went well.

    Raises:
        UserError: Something exists there, or it cannot be opened.
    """
    check_new(path)
    temporary = _draft_of(path)
    try:
        with _told(f"Output file {path}"):
            lines = temporary.open("w", encoding="utf-8", newline="\n")
        with lines:
            yield lines
        check_new(path)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
        draft.rename(folder)
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


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name in its folder, then rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that `write_json` wrote."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON to a temporary name, then rename."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell a failure of the disk in one sentence."""
    try:
        yield
    except OSError as error:
        raise UserError(f"{what} cannot be written: {error.strerror or error}.") from error
