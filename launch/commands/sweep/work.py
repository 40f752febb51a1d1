"""``suffice sweep work FOLDER``: one worker, on any machine that shares the sweep's folder."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command, whole_number
from launch.commands.sweep.begun_in import there
from launch.progress import progress_of_parts
from launch.resuming import resumable
from tagger.errors import UserError, unknown_name

if TYPE_CHECKING:
    from rl.sweep.execution.runner import Progress
    from rl.sweep.folder import SweepFolder


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of a sweep")
    parser.add_argument(
        "--runs",
        type=whole_number("number of runs", 1),
        metavar="N",
        help="stop after so many runs (default: when the sweep is done)",
    )
    parser.add_argument(
        "--task",
        metavar="NAME",
        help="do this one, e.g. runs/NAME or references/base, as an agent of W&B asks",
    )


def run(args: argparse.Namespace) -> None:
    """Work on runs that nobody works on."""
    from rl.sweep.execution.runner import Runner
    from rl.sweep.folder import SWEEP, open_sweep

    if args.task is not None and args.runs is not None:
        raise UserError("--task and --runs contradict each other; leave one away.")
    sweep = there(open_sweep(args.folder))
    words = ["sweep", "work", str(args.folder)]
    words += ["--runs", str(args.runs)] if args.runs else []
    words += ["--task", args.task] if args.task else []
    with resumable(sweep.root / SWEEP, *words), progress_of_parts() as progress:
        if args.task is None:
            Runner(sweep, limit=args.runs, progress=progress).run()
        else:
            _do_one(sweep, args.task, progress)


def _do_one(sweep: SweepFolder, name: str, progress: Progress) -> None:
    """Do a task and, under an agent of W&B, log what it measured.

    Raises:
        UserError: There is no such task, or it failed.
    """
    from rl.sweep.execution.runner import Runner
    from rl.sweep.execution.tasks import tasks_of
    from rl.sweep.execution.wandb_agents import log_task, under_agent
    from rl.sweep.planned import planned_runs

    plan = planned_runs(sweep)
    tasks = {task.key: task for task in tasks_of(sweep, plan)}
    if name not in tasks:
        raise unknown_name("task of the sweep", name, tasks)
    Runner(sweep, only=name, progress=progress).run()
    folder = tasks[name].folder(sweep)
    if folder.failed.is_file() and not folder.done.is_file():
        raise UserError(f"The task {name} failed: {folder.failure()['reason']}")
    if not folder.done.is_file():
        before = {key: tasks[key].folder(sweep) for key in tasks[name].after}
        lost = [
            (key, one.failure()["reason"]) for key, one in before.items() if one.failed.is_file()
        ]
        if not lost:
            raise UserError(f"The task {name} has no outcome; start it again.")
        again = shlex.join(["suffice", "sweep", "--resume", str(sweep.root), "--retry-failed"])
        raise UserError(
            f"The task {name} comes after {lost[0][0]}, which failed: {lost[0][1]}; once the cause "
            f"is fixed, retry with: {again}"
        )
    if under_agent():
        points = {f"runs/{run.name}": run.point for run in plan.runs}
        log_task(folder.root, points.get(name, {}))


COMMAND = Command(
    name="sweep work",
    summary="work on a sweep that was begun, next to other workers",
    example="suffice sweep work runs/weights",
    configure=configure,
    run=run,
)
