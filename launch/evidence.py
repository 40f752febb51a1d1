"""What the commands that measure taggers share: provenance, and a folder written at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from launch.results import command_line
from tagger.errors import UserError


def tagger_provenance(**named: Any) -> dict[str, Any]:
    """What is named, then command, commit, versions, machine and date."""
    from rl.provenance import commit, library_versions, machine

    return {
        **named,
        "command": command_line(),
        "commit": commit(),
        "versions": library_versions(),
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_new_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write text files into a new folder, under a temporary name until all are there.

    Raises:
        UserError: The folder exists or cannot be written.
    """
    if folder.exists():
        raise UserError(f"Output folder {folder} already exists; name a new one with --output.")
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        draft.mkdir(parents=True)
        for name, text in files.items():
            (draft / name).write_text(text, encoding="utf-8")
        draft.rename(folder)
    except OSError as error:
        raise UserError(f"Output folder {folder} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
