"""Provenance of the metrics of a tagger, so that they can be reproduced."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from launch.results import command_line


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
