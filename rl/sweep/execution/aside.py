"""Put aside what a sweep makes anew; nothing is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rl.sweep.execution.process import is_claimed
from rl.sweep.execution.tasks import control_runs
from rl.sweep.folder import SweepFolder
from rl.sweep.planning.runs import Run
from tagger.errors import UserError


def free_name(path: Path) -> Path:
    """The name with the first number that nothing has: ``sweep-1.json``."""
    number = 1
    while (name := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return name


def put_comparison_aside(sweep: SweepFolder) -> None:
    """Have the comparison under rules be made anew, if there is one.

    Raises:
        UserError: A process works on it.
    """
    folder = sweep.comparison
    if not folder.root.is_dir():
        return
    if is_claimed(folder):
        raise UserError(f"A process works on {folder.root}; extend the sweep when it has ended.")
    folder.root.rename(free_name(folder.root))


def renew_comparison(sweep: SweepFolder, runs: Sequence[Run]) -> None:
    """Put the comparison under rules aside if control has runs by now that it was made without.

    A run of control that fails is left out of it, and may be done when it is retried.

    Args:
        sweep: The sweep.
        runs: Its runs.
    """
    folder = sweep.comparison
    if not folder.done.is_file():
        return
    compared = folder.measured().get("controls")
    done = {run.name for run in control_runs(sweep, runs) if sweep.run(run.name).done.is_file()}
    if compared is None or done <= set(compared.values()) or is_claimed(folder):
        return
    try:
        folder.root.rename(free_name(folder.root))
    except FileNotFoundError:  # another runner was faster
        return
