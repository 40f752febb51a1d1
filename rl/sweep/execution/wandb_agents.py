"""A sweep worked on by W&B agents: each takes one task of the folder that they share."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rl import run_files
from rl.sweep.execution.tasks import tasks_of
from rl.sweep.folder import SweepFolder
from rl.sweep.planning.schedule import Schedule
from tagger.errors import UserError
from tagger.files import read_json


def agent_sweep(
    sweep: SweepFolder, plan: Schedule, project: str, command: Sequence[str]
) -> dict[str, Any]:
    """What ``wandb sweep`` registers: one parameter, the task.

    Args:
        sweep: The sweep.
        plan: Its runs.
        project: Project of W&B.
        command: What an agent runs, less the task.

    Returns:
        The content of the YAML file.

    Raises:
        UserError: Not all runs are known yet.
    """
    if not plan.complete:
        raise UserError(
            "W&B agents need all runs to be known, and method: tpe and more_seeds_within choose"
            " them by what came out before; start several `suffice sweep work` instead."
        )
    return {
        "name": sweep.config.title,
        "project": project,
        "method": "grid",
        "metric": {"name": "accuracy", "goal": "maximize"},
        "parameters": {"task": {"values": [task.key for task in tasks_of(sweep, plan)]}},
        "command": [*command, "${args}"],
    }


def under_agent() -> bool:
    """Whether an agent of W&B started this process."""
    return "WANDB_SWEEP_ID" in os.environ


def log_task(folder: Path, settings: Mapping[str, Any]) -> None:
    """Log what a task measured to the run that the agent opened.

    Args:
        folder: Folder of the task, which is done.
        settings: Values of the varied keys.
    """
    import wandb

    done = read_json(folder / run_files.DONE, "delete it and resume the sweep")
    # A training that reports to W&B has logged to the same run, whose id the agent set.
    run = wandb.init(resume="allow", config=dict(settings))
    run.log(figures(done))
    run.finish()


def figures(done: Mapping[str, Any]) -> dict[str, float]:
    """Accuracy and tokens: of the test problems by name, the others with their split."""
    found = {}
    for split in ("test", "calibration"):
        for name, value in (done.get(split) or {}).items():
            found[name if split == "test" else f"{split}/{name}"] = value
    return found
