"""``suffice problems show``: a few problems of a set, its bands, families and lengths."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command
from launch.commands.problems.source import add_source, problems_of
from tagger.errors import UserError

if TYPE_CHECKING:
    from rl.problems import Problem


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_source(parser)
    parser.add_argument(
        "--count", type=int, default=3, metavar="N", help="problems to print (default: 3)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="also write every problem to a new file, one JSON object a line: id, question, "
        "reference, band, family",
    )


def run(args: argparse.Namespace) -> None:
    """Print the first problems and what the set is made of."""
    if args.count < 0:
        raise UserError(f"--count is {args.count}; it must be at least 0.")
    from rl.problems.check import summary
    from tagger.files import check_new, write_new

    check_new(args.output)
    problems = problems_of(args)
    if args.output is not None:
        write_new(args.output, "".join(f"{_line(problem)}\n" for problem in problems))
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


def _line(problem: Problem) -> str:
    """A problem as a line that ``problems.source`` reads."""
    keys = ("id", "question", "reference", "band", "family")
    row = {key: getattr(problem, key) for key in keys}
    return json.dumps({key: text for key, text in row.items() if text}, ensure_ascii=False)


COMMAND = Command(
    name="problems show",
    summary="print some problems of a set, its bands, families and lengths",
    example="suffice problems show overthinker size=50 --count 2 --output problems.jsonl",
    configure=configure,
    run=run,
)
