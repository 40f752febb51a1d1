"""``suffice sweep report FOLDER``: the results of what is done so far."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command
from launch.commands.sweep.show import show_sweep
from launch.results import command_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of a sweep")


def run(args: argparse.Namespace) -> None:
    """Compute the results anew from the samples, and show them."""
    from rl.sweep.folder import open_sweep
    from rl.sweep.planned import planned_runs
    from rl.sweep.sweep import finish

    sweep = open_sweep(args.folder)
    show_sweep(finish(sweep, planned_runs(sweep), command_line()), args.folder)


COMMAND = Command(
    name="sweep report",
    summary="show the results of a sweep, as far as it is done",
    example="suffice sweep report runs/weights",
    configure=configure,
    run=run,
)
