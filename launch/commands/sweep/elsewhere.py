"""Hand a sweep to other machines: a Slurm array, or agents of W&B."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rl.sweep.folder import SweepFolder

ARRAY, AGENTS = "slurm.sh", "wandb.yaml"
_SUBMIT = {ARRAY: ("sbatch",), AGENTS: ("wandb", "sweep")}
"""By which command each file is handed in."""


def worker_command(folder: Path, *options: str) -> list[str]:
    """Command line of a worker, by the interpreter that runs this one."""
    words = ["sweep", "work", str(folder.absolute()), *options]
    return [sys.executable, "-m", "launch.cli", *words]


def write_array(sweep: SweepFolder) -> None:
    """Write the script of a Slurm array, and say how to submit it."""
    from rl.sweep.execution.slurm import array_script
    from rl.sweep.planned import planned_runs
    from tagger.files import write_atomically

    folder = sweep.root.absolute()
    script = array_script(
        folder,
        planned_runs(sweep).planned,
        sweep.config.workers,
        sweep.config.slurm,
        worker_command(folder, "--runs", "1"),
    )
    write_atomically(sweep.root / ARRAY, script)
    _say(sweep.root, ARRAY)


def write_agents(sweep: SweepFolder, project: str) -> None:
    """Write the file that ``wandb sweep`` registers, and say how to start agents."""
    import yaml

    from rl.sweep.execution.wandb_agents import agent_sweep
    from rl.sweep.planned import planned_runs
    from tagger.files import write_atomically

    content = agent_sweep(sweep, planned_runs(sweep), project, worker_command(sweep.root))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    write_atomically(sweep.root / AGENTS, text)
    _say(sweep.root, AGENTS)
    print("Then on every machine: wandb agent ID, with the ID that this prints")


def start_of(folder: Path) -> list[str]:
    """Command lines that begin work on a sweep: of the files written for others, else a worker."""
    written = [_submit(folder, file) for file in _SUBMIT if (folder / file).is_file()]
    return written or [shlex.join(["suffice", "sweep", "work", str(folder)])]


def _submit(folder: Path, file: str) -> str:
    return shlex.join([*_SUBMIT[file], str(folder / file)])


def _say(folder: Path, file: str) -> None:
    report = shlex.join(["suffice", "sweep", "report", str(folder)])
    print(f"Sweep:   {folder}\nStart:   {_submit(folder, file)}\nResults: {report}, at any time")
