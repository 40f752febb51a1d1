"""The sentence that says how to resume an interrupted command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagger.errors import Interrupted


@contextmanager
def resumable(marker: Path | None, *command: str | Path) -> Iterator[None]:
    """Have an interruption name the command that resumes.

    Args:
        marker: File that is there once there is something to resume; None if there always is.
        command: Words of the command after ``suffice``, e.g. ``"compare", "--resume", folder``.

    Raises:
        Interrupted: In place of the `KeyboardInterrupt` raised within, with the command.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        number = stop.number if isinstance(stop, Interrupted) else None
        begun = marker is None or marker.exists()
        resume = shlex.join(["suffice", *map(str, command)]) if begun else None
        raise Interrupted(resume, number=number) from None
