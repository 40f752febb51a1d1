"""``sweep.json``: what the folder of a sweep keeps of it, checked, for people edit files."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tagger.config.settings import Settings, build_settings
from tagger.errors import UserError
from tagger.files import read_json

VERSION = 1
"""Schema of the file."""


@dataclass
class StoredSweep(Settings):
    """The content of ``sweep.json``; keys without a default are in the files of every version.

    Attributes:
        sweep: The settings, every default filled in.
        max_new_tokens: Most tokens of a completion in the comparison; None leaves it to be derived.
        cache: Folder of the arms that comparisons share.
        training_overlap: Problems of the comparison that runs are trained on.
        directory: Where it was begun.
        command: The command line that began it.
    """

    sweep: dict[str, Any]
    max_new_tokens: int | None
    cache: str | None
    training_overlap: dict[str, Any] | None = None
    directory: str | None = None
    command: str | None = None


def read_stored(file: Path) -> StoredSweep:
    """Read ``sweep.json``.

    Raises:
        UserError: It is damaged, lacks a key, holds one of another type, or is of another version.
    """
    remedy = "take it from a copy, or begin the sweep again in a new folder"
    content = read_json(file, remedy)
    if content.get("schema_version") != VERSION:
        raise UserError(
            f"{file} has schema version {content.get('schema_version')!r}, this version of Suffice"
            f" reads {VERSION}; use the version that made it."
        )
    names = {field.name for field in fields(StoredSweep)}
    try:
        own = {key: value for key, value in content.items() if key in names}
        return build_settings(StoredSweep, own, "")
    except UserError as error:
        why = str(error).rstrip(".")
        raise UserError(f"{file} was changed or damaged: {why}; {remedy}.") from error
