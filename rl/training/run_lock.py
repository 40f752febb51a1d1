"""One process works on a run folder at a time, and others can see whether one does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rl import run_files
from rl.training.run_folder import RunFolder
from tagger.errors import UserError

_WAIT = 2.0
"""Seconds to wait for the lock: whoever only looks whether it is held holds it for a moment."""


@contextmanager
def working_on(run: RunFolder) -> Iterator[None]:
    """Hold the run folder for the length of a block; the system lets it go however that ends.

    Raises:
        UserError: Another process, perhaps on another machine that shares the disk, works on it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(run.root / run_files.LOCK, timeout=_WAIT)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"Another process trains in {run.root}; wait for it, or begin a new run in another "
            "folder."
        ) from None
    try:
        yield
    finally:
        lock.release()


def is_worked_on(folder: Path) -> bool | None:
    """Whether a process works on a run folder.

    Returns:
        None if that cannot be told: no process ever held it, or it may not be looked at.
    """
    from filelock import FileLock, Timeout

    file = folder / run_files.LOCK
    if not file.is_file():
        return None
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return None
    lock.release()
    return False
