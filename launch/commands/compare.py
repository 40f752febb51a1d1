"""``suffice compare``: base, monitored, trained, trained + monitored and the oracle stop."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.progress import progress_of_parts
from launch.results import command_line, show_results
from launch.settings import section
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(parser, "quickstart", "trained=runs/first/policy problems.size=100 samples=2 …")
    add_seed(parser)
    add_output(parser, "compare")
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on with the comparison in this folder; arms that are done are read back",
    )


def run(args: argparse.Namespace) -> None:
    """Compare, write the report and print the table."""
    if args.resume is not None and args.output is not None:
        raise UserError("A resumed comparison keeps its own folder; leave --output away.")
    from rl.comparison.config import compare_config
    from rl.comparison.run import run_comparison
    from tagger.config.settings import apply_overrides, read_yaml

    values = apply_overrides(section(read_yaml(args.config), "compare"), args.overrides)
    if args.seed is not None:
        values["seed"] = args.seed
    config = compare_config(values, str(args.config))
    output = args.resume or output_folder(args.output, "compare")
    resume = args.resume is not None
    with progress_of_parts() as progress:
        results = run_comparison(
            config, output, resume=resume, progress=progress, command=command_line()
        )
    show_results(results, output)


COMMAND = Command(
    name="compare",
    summary="compare base, monitored and trained policies on the same problems",
    example="suffice compare trained=runs/first/policy problems.size=50 samples=2",
    configure=configure,
    run=run,
)
