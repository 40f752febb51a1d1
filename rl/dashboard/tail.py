"""Reads a metrics file as it grows: every complete line once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class MetricsTail:
    """The rows of a JSON Lines file that somebody else is writing.

    A last line without its end is left until the rest of it is there. A file that was replaced or
    cut, as a resumed run does, is read again from its beginning.

    Args:
        path: The file; it may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._file: tuple[int, int] | None = None
        self.rows: list[Row] = []
        self.damaged = 0
        """Complete lines that hold no logged step."""

    def read(self) -> list[Row]:
        """Read what has been added; return all rows so far."""
        try:
            stream = self._path.open("rb")
        except OSError:  # not there yet
            self._begin(None)
            return self.rows
        with stream:
            status = os.fstat(stream.fileno())
            file = (status.st_dev, status.st_ino)
            if file != self._file or status.st_size < self._offset:
                self._begin(file)
            stream.seek(self._offset)
            content = stream.read()
        complete = content.rfind(b"\n") + 1
        self._offset += complete
        for line in content[:complete].split(b"\n"):
            self._add(line)
        return self.rows

    def _begin(self, file: tuple[int, int] | None) -> None:
        self._file, self._offset, self.rows, self.damaged = file, 0, [], 0

    def _add(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            self.rows.append(row)
        else:
            self.damaged += 1
