"""``suffice compare``: base, monitored, trained, trained + monitored and the oracle stop."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launch.bootstrap import one_thread_if_small
from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.progress import progress_of_parts
from launch.results import command_line, show_results
from launch.resuming import resumable
from launch.settings import section
from tagger.errors import UserError

if TYPE_CHECKING:
    from rl.comparison.config import CompareConfig


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(parser, None, "base=… trained=runs/first/policy problems.source=test.jsonl …")
    add_seed(parser)
    add_output(parser, "compare")
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="resume the comparison (or evaluation) in this folder under its own settings; arms "
        "that are done are read back, only workers=N may change",
    )


def run(args: argparse.Namespace) -> None:
    """Compare, write the report and print the table."""
    if args.resume is not None and args.output is not None:
        raise UserError("A resumed comparison keeps its own folder; leave --output away.")
    if args.resume is not None and args.config is not None:
        raise UserError("A resumed comparison keeps its own settings; leave --config away.")
    from rl.comparison.config import compare_config
    from rl.comparison.folder import resumed_config
    from tagger.config.settings import apply_overrides, read_yaml

    seed = [] if args.seed is None else [f"seed={args.seed}"]
    overrides = [*args.overrides, *seed]
    if args.resume is not None:
        compare(resumed_config(args.resume, overrides), args.resume, resume=True)
        return
    values = section(read_yaml(args.config), "compare") if args.config else {}
    config = compare_config(apply_overrides(values, overrides), str(args.config or "settings"))
    compare(config, output_folder(args.output, "compare"))


def compare(config: CompareConfig, output: Path, *, resume: bool = False) -> None:
    """Run a comparison and show its results; an interruption names the command that resumes."""
    one_thread_if_small(config.base, config.trained)
    from rl.comparison.folder import CONFIG
    from rl.comparison.run import run_comparison

    with (
        resumable(output / CONFIG, "compare", "--resume", output),
        progress_of_parts() as progress,
    ):
        results = run_comparison(
            config, output, resume=resume, progress=progress, command=command_line()
        )
    show_results(results, output)


COMMAND = Command(
    name="compare",
    summary="compare base, monitored and trained policies on the same problems",
    example="suffice compare --config configs/quickstart.yaml trained=runs/first/policy samples=2",
    configure=configure,
    run=run,
)
