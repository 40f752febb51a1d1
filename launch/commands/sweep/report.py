"""``suffice sweep report FOLDER``: the results of what is done so far."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command
from launch.commands.sweep.begun_in import there
from launch.commands.sweep.elsewhere import start_of
from launch.commands.sweep.show import show_sweep
from launch.results import command_line
from tagger.config.settings import apply_overrides
from tagger.errors import UserError

if TYPE_CHECKING:
    from rl.sweep.folder import SweepFolder

SHOWN = ("contrast", "tolerance", "saving", "title")
"""Keys of a sweep that change what is shown of it, and nothing else."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of a sweep")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="KEY=VALUE",
        help="contrast, tolerance, saving or title, which change no run: tolerance=0.02",
    )


def run(args: argparse.Namespace) -> None:
    """Compute the results anew from the samples, and show them, or say that there are none yet."""
    from rl.analysis.arms import BASE
    from rl.sweep.analysis.missing import not_yet
    from rl.sweep.execution.process import is_claimed
    from rl.sweep.folder import open_sweep
    from rl.sweep.planned import planned_runs
    from rl.sweep.sweep import finish

    sweep = there(reread(open_sweep(args.folder), args.overrides))
    plan = planned_runs(sweep)
    states = [sweep.run(run.name).state for run in plan.runs]
    if missing := not_yet(states, sweep.reference(BASE).state):
        print(missing)
        if not is_claimed(sweep.reference(BASE)):
            print(*(f"Start:   {command}" for command in start_of(sweep.root)), sep="\n")
        return
    further = None if sweep.command and not args.overrides else command_line()
    show_sweep(finish(sweep, plan, further), args.folder)


def reread(sweep: SweepFolder, overrides: Sequence[str]) -> SweepFolder:
    """The sweep with other settings of what is shown; those in its folder stay.

    Raises:
        UserError: Another key is given, or a value is wrong.
    """
    from rl.sweep.settings.config import sweep_config

    for word in overrides:
        key = word.partition("=")[0]
        if key.split(".")[0] not in SHOWN:
            raise UserError(
                f"{key} was settled when the sweep was begun; a report takes other values of"
                f" {', '.join(SHOWN[:-1])} and {SHOWN[-1]} alone."
            )
    if not overrides:
        return sweep
    values = {key: value for key, value in sweep.config.to_dict().items() if value is not None}
    return replace(sweep, config=sweep_config(apply_overrides(values, overrides), "KEY=VALUE"))


COMMAND = Command(
    name="sweep report",
    summary="show the results of a sweep, as far as it is done",
    example="suffice sweep report runs/weights",
    configure=configure,
    run=run,
)
