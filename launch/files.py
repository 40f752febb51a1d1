"""New files: never over an old one, and whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from tagger.errors import UserError


def new_file(path: Path | None) -> Path | None:
    """Check the name of a file to be written, before expensive work.

    Raises:
        UserError: It exists, or its folder does not.
    """
    if path is not None and path.exists():
        raise UserError(
            f"Output file {path} already exists and is never overwritten; name another."
        )
    if path is not None and not path.parent.is_dir():
        raise UserError(f"Output file {path}: there is no folder {path.parent}; make it first.")
    return path


def write_new(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it.

    Raises:
        UserError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"Output file {path} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)
