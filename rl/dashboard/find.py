"""Which training runs a folder holds: one, or several of a sweep, a quick start or a recipe."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from rl import run_files
from rl.dashboard.watch import read_config
from rl.training.run_folder import RunFolder
from tagger.errors import UserError

DEPTH = 3
"""Folders between the one that is named and a run: ``runs/<name>/training`` of a sweep."""


def find_runs(root: Path, known: Container[Path] = ()) -> list[Path]:
    """The run folders that a path stands for.

    Args:
        root: A run's folder, or one that holds runs.
        known: Folders that were runs before, and are not read again.

    Returns:
        `root` alone if it is a run, or an empty folder, in which one is about to begin.

    Raises:
        UserError: It does not exist, or there is no run in it.
    """
    if not root.is_dir():
        what = "is no folder" if root.exists() else "does not exist"
        raise UserError(f"{root} {what}; name the folder of a training run (--output of the run).")
    if root in known or is_run(root) or not any(root.iterdir()):
        return [root]
    found = sorted(
        file.parent
        for depth in range(1, DEPTH + 1)
        for file in root.glob("*/" * depth + run_files.CONFIG)
        if file.parent in known or is_run(file.parent)
    )
    if not found:
        raise UserError(
            f"{root} is no training run and holds none: there is no config.yaml with reward and "
            "grpo in it; name the folder that `suffice train` or `suffice sweep` made."
        )
    return found


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a training run."""
    run = RunFolder(folder)
    return run.config.is_file() and {"reward", "grpo"} <= read_config(run.config).keys()
