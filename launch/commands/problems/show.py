"""``suffice problems show``: a few problems of a set, its bands, families and lengths."""

from __future__ import annotations

import argparse

from launch.command import Command
from launch.commands.problems.source import add_source, problems_of
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_source(parser)
    parser.add_argument(
        "--count", type=int, default=3, metavar="N", help="problems to print (default: 3)"
    )


def run(args: argparse.Namespace) -> None:
    """Print the first problems and what the set is made of."""
    if args.count < 0:
        raise UserError(f"--count is {args.count}; it must be at least 0.")
    from rl.problems.check import summary

    problems = problems_of(args)
    for problem in problems[: args.count]:
        labels = [
            f"{key}: {value}"
            for key, value in (("band", problem.band), ("family", problem.family))
            if value
        ]
        print(f"[{problem.id}]" + "".join(f"  {label}" for label in labels))
        print(problem.question)
        print(f"reference: {problem.reference}\n")
    print("\n".join(summary(problems)))


COMMAND = Command(
    name="problems show",
    summary="print some problems of a set, its bands, families and lengths",
    example="suffice problems show overthinker size=50 --count 2",
    configure=configure,
    run=run,
)
