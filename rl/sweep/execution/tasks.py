"""The tasks of a sweep: reference policies to sample, runs to train and sample, one comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rl import run_files
from rl.analysis.arms import BASE
from rl.sweep.compared import values_of
from rl.sweep.folder import SweepFolder, TaskFolder
from rl.sweep.planning.runs import Run
from rl.sweep.planning.schedule import Schedule
from tagger.errors import UserError


@dataclass(frozen=True)
class Task:
    """Something that one process does.

    Attributes:
        key: ``references/<policy>``, ``runs/<name>`` or ``comparison``.
        label: What a reader calls it.
        steps: Training steps, to show progress; 0 if unknown.
        after: Keys of the tasks that must be done before.
    """

    key: str
    label: str
    steps: int = 0
    after: tuple[str, ...] = ()

    def folder(self, sweep: SweepFolder) -> TaskFolder:
        """Where it is done."""
        return TaskFolder(sweep.root / self.key)


COMPARISON = "comparison"


def tasks_of(sweep: SweepFolder, schedule: Schedule) -> list[Task]:
    """The tasks that are known, in the order in which they are to be started."""
    config, values = sweep.config, values_of(sweep)
    references = [Task(f"references/{name}", name) for name in values["policies"]]
    runs = [
        Task(f"runs/{run.name}", f"{run.label}, seed {run.seed}", _steps(run))
        for run in schedule.runs
    ]
    if not values["rules"]:
        return [*references, *runs]
    if config.more_seeds_within is not None and not schedule.complete:
        return [*references, *runs]  # not all runs of control are known
    controls = [f"runs/{run.name}" for run in control_runs(sweep, schedule.runs)]
    lost = [key for key in controls if (sweep.root / key / run_files.FAILED).is_file()]
    after = [key for key in controls if key not in lost] or controls
    label = "base and control under rules"
    return [*references, *runs, Task(COMPARISON, label, after=(f"references/{BASE}", *after))]


def _steps(run: Run) -> int:
    steps = run.config["grpo"].get("max_steps")
    return steps if isinstance(steps, int) and steps > 0 else 0


def control_runs(sweep: SweepFolder, runs: Sequence[Run]) -> list[Run]:
    """The runs of control, one a seed; none without such an arm."""
    arm = sweep.config.control_arm
    return [run for run in runs if arm is not None and run.arm == arm]


def find_run(runs: Sequence[Run], name: str) -> Run:
    """The run of a name.

    Raises:
        UserError: The sweep has none, or does not know it yet.
    """
    for run in runs:
        if run.name == name:
            return run
    raise UserError(f"The sweep has no run {name!r}.")
