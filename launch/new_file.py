"""Output files: new ones only, and whole ones only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

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
        raise UserError(f"Output file {path} cannot be written: make the folder {path.parent}.")


@contextlib.contextmanager
def new_file(path: Path | None) -> Iterator[IO[str] | None]:
    """A new UTF-8 file, written under a temporary name and renamed when all went well.

    Args:
        path: Where nothing exists yet; None yields None.

    Raises:
        UserError: Something exists there, or it cannot be written.
    """
    check_new(path)
    if path is None:
        yield None
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            lines = temporary.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise UserError(f"Output file {path} cannot be written: {error.strerror}.") from error
        with lines:
            yield lines
        check_new(path)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
