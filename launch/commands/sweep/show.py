"""What the commands of a sweep say at their end."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def show_sweep(results: Mapping[str, Any], folder: Path) -> None:
    """Print the table, then where everything is; refuse failures last.

    Raises:
        RunsFailedError: Some runs failed.
    """
    from rl import run_files
    from rl.sweep.sweep import refuse_failures
    from rl.sweep.table import print_sweep

    print_sweep(results)
    print(f"\nReport:  {folder / run_files.REPORT}")
    print(f"Numbers: {folder / run_files.RESULTS}, settings.csv, runs.csv")
    refuse_failures(
        results, shlex.join(["suffice", "sweep", "--resume", str(folder), "--retry-failed"])
    )
