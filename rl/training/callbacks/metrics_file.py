"""Metrics reach the disk, a line a step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from rl.training.run_folder import logged_row
from tagger.errors import UserError
from tagger.files import write_atomically


class MetricsFile(TrainerCallback):
    """Writes one JSON line a logged step.

    Args:
        path: The file.
        step: Step from which the run resumes. Lines beyond it are deleted and written again.
        resumed: Whether the file may be there already.

    Raises:
        UserError: The file is there and the run is not resumed.
    """

    def __init__(self, path: Path, step: int = 0, resumed: bool = False) -> None:
        self.path = path
        if path.exists():
            if not resumed:
                raise UserError(f"{path} exists already; name a new output folder.")
            self._cut(step)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Append the step's metrics."""
        if not state.is_world_process_zero or not logs or "loss" not in logs:
            return
        row = {"step": state.global_step, **logs}
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")

    def _cut(self, step: int) -> None:
        kept = [
            line
            for line in self.path.read_text(encoding="utf-8").splitlines()
            if (row := logged_row(line)) is not None and row["step"] <= step
        ]
        write_atomically(self.path, "".join(f"{line}\n" for line in kept))
