"""``suffice dashboard``: how a training run stands, in the terminal and as a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "folder",
        type=Path,
        metavar="RUN",
        help="folder of a training run, live or ended; of a folder that holds several (a sweep, a "
        "quick start, runs/MODEL/TASK) an overview is shown",
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="look once and stop; so it is without --html where standard output is no terminal",
    )
    parser.add_argument(
        "--html",
        type=Path,
        metavar="PAGE",
        help="write a page as well, which loads itself again while the run lasts and nothing from "
        "elsewhere; a page of an earlier call is replaced",
    )
    parser.add_argument(
        "--every",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="time between two looks (default: 5)",
    )


def run(args: argparse.Namespace) -> None:
    """Look, and look again until the run has ended."""
    from rich.console import Console

    from rl.dashboard.follow import Dashboard
    from rl.dashboard.page import check_page

    board = Dashboard(args.folder, args.html, args.every)
    if args.html is not None:
        if board.folders != [args.folder]:
            raise UserError(
                f"--html shows one run, and {args.folder} holds {len(board.folders)}; name one, "
                f"e.g. {board.folders[0]}."
            )
        check_page(args.html)
    console = Console()
    if not args.once and (console.is_terminal or args.html is not None):
        board.follow(console)
    else:
        console.print(board.show(board.look(final=True), console))
    if args.html is not None:
        print(f"Page: {args.html}")


def _seconds(text: str) -> float:
    """A time between two looks."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.5 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.5 to 3600")
    return seconds


COMMAND = Command(
    name="dashboard",
    summary="show how a training run stands: progress, curves, types, warnings",
    example="suffice dashboard runs/first --html runs/first.html",
    configure=configure,
    run=run,
)
