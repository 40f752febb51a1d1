"""The raw log: every answer, as it came, on disk before anything is made of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tagger.errors import UserError
from tagger.files import flush_folder, replacing


def raw_log_of(output: Path) -> Path:
    """The raw log next to a label file: ``labels.jsonl`` has ``labels.raw.jsonl``."""
    return output.with_name(f"{output.stem}.raw.jsonl")


def json_line(row: Mapping[str, Any]) -> bytes:
    """A row as a line of UTF-8; lone surrogates, which UTF-8 cannot hold, stay escaped."""
    try:
        return (json.dumps(row, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(row, ensure_ascii=True) + "\n").encode()


def read_log(path: Path) -> list[dict[str, Any]]:
    """All whole rows of a raw log, in order.

    A line that a killed run left half-written is passed over.

    Raises:
        UserError: The file is missing or cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"The raw log {path} cannot be read ({reason}); check the path.") from error
    rows = []
    # Split at line feeds alone: answers may hold other line separators.
    for line in content.split(b"\n"):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


class RawLog:
    """Appends rows to a raw log; one process at a time.

    Each row is flushed to the disk before `append` returns: what an endpoint was paid for
    survives a kill and a power cut.

    Raises:
        UserError: The file cannot be opened, or another run is writing it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("ab")
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(
                f"The raw log {path} cannot be written ({reason}); choose another --output."
            ) from error
        try:
            _lock(self._file.fileno())
        except OSError as error:
            self._file.close()
            raise UserError(
                f"Another run is writing {path}; wait for it, or choose another --output."
            ) from error
        if _torn(path):
            self._write(b"\n")
        flush_folder(path.parent)

    def append(self, row: Mapping[str, Any]) -> None:
        """Write a row and wait until the disk has it."""
        self._write(json_line(row))

    def _write(self, line: bytes) -> None:
        try:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UserError(
                f"The raw log {self.path} cannot be written ({error.strerror}); mend that and run "
                "the same command with --resume."
            ) from error

    def __enter__(self) -> RawLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def write_labels(path: Path, content: bytes) -> None:
    """Write the label file, whole or not at all.

    Raises:
        UserError: It cannot be written.
    """
    try:
        with replacing(path) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror}); the raw log is whole, so mend that and "
            "run the same command with --resume."
        ) from error


def _torn(path: Path) -> bool:
    """Whether the last line lacks its end."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _lock(descriptor: int) -> None:
    """Take the file for this process; the lock goes with the process, however it ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
