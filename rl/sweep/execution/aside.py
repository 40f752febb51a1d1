"""Put aside what a longer or retried sweep makes anew; nothing is deleted."""

from __future__ import annotations

from pathlib import Path

from rl.sweep.execution.process import is_claimed
from rl.sweep.folder import SweepFolder
from tagger.errors import UserError


def free_name(path: Path) -> Path:
    """The name with the first number that nothing has: ``sweep-1.json``."""
    number = 1
    while (name := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return name


def put_comparison_aside(sweep: SweepFolder, before: str) -> None:
    """Have the comparison under rules be made anew, if there is one.

    Args:
        sweep: The sweep.
        before: What is waited for while a process works on it, e.g. ``extend the sweep``.

    Raises:
        UserError: A process works on it.
    """
    folder = sweep.comparison
    if not folder.root.is_dir():
        return
    if is_claimed(folder):
        raise UserError(f"A process works on {folder.root}; {before} when it has ended.")
    folder.root.rename(free_name(folder.root))
