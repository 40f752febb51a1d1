"""``suffice overthinker traces``: labelled traces as the overthinker's writer makes them."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command, add_seed
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--output", type=Path, required=True, metavar="NEWFILE", help="new JSONL")
    parser.add_argument(
        "--count", type=int, default=200, metavar="N", help="how many traces (default: 200)"
    )
    parser.add_argument(
        "--edition", type=int, choices=(1, 2), default=1, help="of the overthinker (1)"
    )
    add_seed(parser, 0)


def run(args: argparse.Namespace) -> None:
    """Write the rows."""
    from tagger.files import check_new, new_file, write_rows

    if args.count < 1:
        raise UserError(f"--count is {args.count}; it must be at least 1.")
    check_new(args.output)
    from rl.overthinker.build import labelled_rows

    with new_file(args.output) as lines:
        write_rows(lines, labelled_rows(args.count, args.seed, args.edition))
    print(f"Wrote {args.count} labelled traces to {args.output}.")


COMMAND = Command(
    name="overthinker traces",
    summary="write labelled traces in the overthinker's style",
    example="suffice overthinker traces --count 500 --seed 1 --output labelled.jsonl",
    configure=configure,
    run=run,
)
