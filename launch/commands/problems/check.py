"""``suffice problems check``: is every reference accepted by its own checker?"""

from __future__ import annotations

import argparse
import sys

from launch.command import Command
from launch.commands.problems.source import add_source, problems_of
from tagger.errors import UserError

EXIT_REFUSED = 1
"""Exit code where fewer references are accepted than asked for."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_source(parser)
    parser.add_argument(
        "--least",
        type=float,
        default=1.0,
        metavar="SHARE",
        help="exit code 1 if a smaller share of the references is accepted (default: 1)",
    )


def run(args: argparse.Namespace) -> None:
    """Give every problem its reference as the answer, bare and boxed; list what is refused."""
    if not 0 <= args.least <= 1:
        raise UserError(f"--least is {args.least:g}; it must be a share from 0 to 1.")
    from rl.problems.check import refused_references

    problems = problems_of(args)
    refused = refused_references(problems)
    for one in refused:
        reference = " ".join(one.problem.reference.split())
        print(f"{one.problem.id}: {' and '.join(one.forms)} refused: {reference[:200]}")
    accepted = len(problems) - len(refused)
    share = accepted / len(problems)
    print(f"{args.source}: {accepted} of {len(problems)} references accepted ({share:.2%}).")
    if share < args.least:
        sys.exit(EXIT_REFUSED)


COMMAND = Command(
    name="problems check",
    summary="give every problem its own reference as the answer, bare and boxed, and list what its "
    "checker refuses",
    example="suffice problems check overthinker size=200",
    configure=configure,
    run=run,
)
