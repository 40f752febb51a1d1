"""Runs that end by a loss that is not a number, or by a disk that fills up; then resumed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.end_to_end import phases

if TYPE_CHECKING:
    from tests.end_to_end.kill_matrix import Matrix

LEFT = 60_000
"""Bytes that the filler leaves: less than a checkpoint."""


def not_a_number(matrix: Matrix) -> None:
    """The loss of the last process alone is NaN at step 8."""

    def spoil(rank: int) -> None:
        from rl.training.trainer import StepGRPOTrainer

        original = StepGRPOTrainer.compute_loss

        def breaking(self: Any, *args: Any, **kwargs: Any) -> Any:
            loss = original(self, *args, **kwargs)
            spoilt = rank == matrix.processes - 1 and self.state.global_step == 7
            return loss * float("nan") if spoilt else loss

        StepGRPOTrainer.compute_loss = breaking  # type: ignore[method-assign]

    at = matrix.begin("nan", spoil)
    at.wait()
    matrix.row(f"NaN loss in process {matrix.processes - 1}", "update, step 8", at, "nan")


def full_disk(matrix: Matrix, disk: Path) -> None:
    """The disk fills up in step 4, so that the checkpoint of step 6 does not fit."""
    disk.mkdir()
    usual, matrix.folder = matrix.folder, disk
    filler = disk / "filler"
    at = matrix.begin("full")
    while at.marks.read() < (4, phases.GENERATION):
        at.look()
        assert not at.ended, at.words()
        time.sleep(0.001)
    with filler.open("wb") as file:
        while (room := shutil.disk_usage(disk).free - LEFT) > 0:
            file.write(b"\0" * min(room, 1_000_000))
            file.flush()
    at.wait()
    filler.unlink()
    matrix.row("full disk", "save, step 6", at, "full")
    matrix.folder = usual
