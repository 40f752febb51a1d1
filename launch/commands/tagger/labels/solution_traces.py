"""``suffice tagger solution-traces``: labelled short traces made of worked solutions."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command, add_seed
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "solutions", type=Path, metavar="SOLUTIONS",
        help="JSONL of worked solutions in the form of GSM8K (equations marked <<2+3=5>>)",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, required=True, metavar="NEWFILE", help="new JSONL")
    parser.add_argument(
        "--count", type=int, default=500, metavar="N", help="how many traces (default: 500)"
    )
    add_seed(parser, 0)


def run(args: argparse.Namespace) -> None:
    """Write the rows."""
    from tagger.files import check_new, new_file, write_rows
    from tagger.labels.worked_solutions import solution_traces

    if args.count < 1:
        raise UserError(f"--count is {args.count}; it must be at least 1.")
    check_new(args.output)
    rows = list(solution_traces(args.solutions, args.count, args.seed))
    with new_file(args.output) as lines:
        write_rows(lines, rows)
    labels = sum(len(row["labels"]) for row in rows)
    print(f"Wrote {len(rows)} labelled traces with {labels} labels to {args.output}.")


COMMAND = Command(
    name="tagger solution-traces",
    summary="write labelled short traces made of worked solutions",
    example="suffice tagger solution-traces gsm8k_train.jsonl --count 500 --output short.jsonl",
    configure=configure,
    run=run,
)
