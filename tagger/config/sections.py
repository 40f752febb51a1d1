"""Files that hold the settings of several commands, each under a section of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tagger.errors import UserError, unknown_name

SECTIONS = ("train", "arms", "compare", "full")
"""What such a file may hold: a run, arms of it, a comparison, and what a full quick start adds."""
_OF_SWEEPS = {
    "base", "batch", "contrast", "control", "method", "more_seeds_within", "objective", "saving",
    "seeds", "slurm", "title", "tolerance", "trials", "vary", "workers",
}  # fmt: skip


def check_sections(content: Mapping[str, Any], source: str) -> None:
    """Refuse keys next to the sections of a file, which no command would read.

    Keys that begin with an underscore may hold what YAML's anchors repeat elsewhere.

    Args:
        content: What the file holds, one of the sections among it.
        source: What to call it in errors.

    Raises:
        UserError: A key that is no section; of a sweep file the command that reads it is named.
    """
    others = [str(key) for key in content if key not in SECTIONS]
    others = [key for key in others if not key.startswith("_")]
    for key in sorted(others, key=lambda key: key not in _OF_SWEEPS):
        if key in _OF_SWEEPS:
            raise UserError(
                f"{source} is the file of a sweep ({key!r} is a key of one); run it with suffice "
                "sweep, or copy the section into a file of its own."
            )
        error = unknown_name(f"section of {source}", key, SECTIONS)
        raise UserError(f"{error} Keys of a run stand in train, those of a comparison in compare.")
