"""What a command says at its end about a comparison it ran."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def command_line() -> str:
    """The command as it was typed, for the provenance of results."""
    return shlex.join(["suffice", *sys.argv[1:]])


def show_results(results: Mapping[str, Any], folder: Path) -> None:
    """Print the table of arms, then where report and numbers are."""
    from rl import run_files
    from rl.report.write import print_report

    print_report(results)
    print(f"\nReport:  {folder / run_files.REPORT}\nNumbers: {folder / run_files.RESULTS}")
