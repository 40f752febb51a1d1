"""Completions to look at: a few of the newest rollouts that a run kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rl import run_files

Record = dict[str, Any]


class NewestRollouts:
    """The rollouts of the last step that were kept; a file is read once.

    Args:
        folder: ``rollouts/`` of a run; it may not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Path | None = None
        self._chosen: list[Record] = []

    def read(self) -> list[Record]:
        """Those chosen of the newest file, see `choose`; none if no file can be read."""
        files = sorted(self._folder.glob(run_files.ROLLOUT_FILES))
        if files and files[-1] != self._file:
            try:
                lines = gzip.decompress(files[-1].read_bytes()).split(b"\n")
                self._chosen = choose([json.loads(line) for line in lines if line])
            except (OSError, EOFError, ValueError):  # damaged; the curves are shown all the same
                self._chosen = []
            self._file = files[-1]
        return self._chosen


def choose(rollouts: Sequence[Record]) -> list[Record]:
    """Up to four: longest and shortest correct one, longest and shortest incorrect one."""
    found: list[Record] = []
    for correct in (True, False):
        alike = sorted(
            (r for r in rollouts if bool(r.get("correct")) is correct),
            key=lambda r: -int(r.get("tokens", 0)),
        )
        found += alike if len(alike) <= 2 else [alike[0], alike[-1]]
    return found
