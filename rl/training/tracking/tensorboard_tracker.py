"""TensorBoard: config and completions as text, panels of several curves under Custom Scalars."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rl.training.tracking.base import GROUPS, Record
from rl.training.tracking.completions import as_markdown


class TensorBoardTracker:
    """Writes with the writer of transformers' callback.

    Args:
        writer: Gives it, or None before that callback has made it.
    """

    def __init__(self, writer: Callable[[], Any]) -> None:
        self._writer = writer

    def begin(self, provenance: Mapping[str, Any]) -> None:
        """Write what the run is made of, and which curves belong together."""
        writer = self._writer()
        if writer is None:
            return
        text = json.dumps(dict(provenance), indent=2, ensure_ascii=False)
        writer.add_text("suffice", f"```json\n{text}\n```")
        writer.add_custom_scalars(
            {
                "suffice": {
                    panel: ["Multiline", [f"train/{key}{'.*' * key.endswith('/')}" for key in keys]]
                    for panel, keys in GROUPS.items()
                }
            }
        )

    def metrics(self, step: int, logs: Mapping[str, float]) -> None:
        """All are there already."""

    def completions(self, step: int, records: Sequence[Record]) -> None:
        """Write them as text; TensorBoard shows no colours."""
        writer = self._writer()
        if writer is not None:
            writer.add_text("rollouts", "\n\n---\n\n".join(map(as_markdown, records)), step)

    def end(self, metrics: Path) -> None:
        """Make sure that all is on the disk."""
        writer = self._writer()
        if writer is not None:
            writer.flush()
