"""What a runner that has nothing to do itself waits for, in a line about once a minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rl import run_files
from rl.sweep.folder import TaskFolder

EVERY = 60.0
"""Seconds between two lines."""
_NAMED = 3


def to_stderr(line: str) -> None:
    """Print a line where progress is shown."""
    print(f"suffice: {line}", file=sys.stderr, flush=True)


class Waiting:
    """Reports what is waited for, and since when.

    Args:
        tell: Called with a line.
        now: The time, in seconds.
    """

    def __init__(
        self, tell: Callable[[str], None] = to_stderr, now: Callable[[], float] = time.time
    ) -> None:
        self._tell, self._now = tell, now
        self._since: dict[Path, float] = {}
        self._told = 0.0

    def look(self, held: Sequence[TaskFolder]) -> None:
        """Take note of what is waited for, and report it if it is time.

        Args:
            held: Folders of the tasks that other processes work on; empty while this runner has
                something to do.
        """
        now = self._now()
        if not self._since:
            self._told = now
        self._since = {folder.root: self._since.get(folder.root, now) for folder in held}
        if held and now - self._told >= EVERY:
            self._told = now
            for folder in held[:_NAMED]:
                self._tell(self._line(folder))
            if len(held) > _NAMED:
                self._tell(f"waiting for {len(held) - _NAMED} other tasks as well")

    def _line(self, folder: TaskFolder) -> str:
        began = time.strftime("%H:%M", time.localtime(self._since[folder.root]))
        idle = self._now() - _last_written(folder)
        return (
            f"waiting since {began} for {folder.root}, which another process has locked and last "
            f"wrote to {_minutes(idle)} ago; if that process is gone with its machine, delete "
            f"{folder.lock}, and this one does the work"
        )


def _last_written(folder: TaskFolder) -> float:
    """When a task last wrote; its lock does not tell, for looking at it writes it anew."""
    metrics = folder.training / run_files.METRICS
    files = (folder.root, folder.log, folder.training, metrics, folder.root / "samples")
    return max(file.stat().st_mtime for file in files if file.exists())


def _minutes(seconds: float) -> str:
    """A time for a reader: ``45 min``, ``3 h``."""
    minutes = max(0, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
