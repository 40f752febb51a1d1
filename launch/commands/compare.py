"""``suffice compare``: any number of policies, free, under stopping rules, and the oracle stop."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from launch.bootstrap import one_thread_if_small
from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.power import add_power, print_power, wants_power
from launch.progress import progress_of_parts
from launch.results import command_line, show_results
from launch.resuming import resumable
from launch.settings import section
from tagger.errors import UserError

CACHE = Path("runs") / ".cache"

if TYPE_CHECKING:
    from rl.comparison.config import CompareConfig


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(
        parser, None, "base=… control=… trained=runs/first/policy problems.source=test.jsonl …"
    )
    add_seed(parser)
    add_output(parser, "compare")
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="resume the comparison (or evaluation) in this folder under its own settings; arms "
        "that are done are read back, only workers=N may change",
    )

    add_cache(parser)
    add_power(parser)


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Add ``--cache`` and ``--no-cache``."""
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        help=f"where finished arms are kept and looked for (default: {CACHE})",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="sample every arm, and keep none for later"
    )


def cache_folder(args: argparse.Namespace) -> Path | None:
    """The folder that the options of `add_cache` name.

    Raises:
        UserError: They contradict each other.
    """
    if args.no_cache and args.cache is not None:
        raise UserError("--cache and --no-cache contradict each other; leave one away.")
    return None if args.no_cache else args.cache or CACHE


def run(args: argparse.Namespace) -> None:
    """Compare, write the report and print the table; with ``--power`` print a plan alone."""
    plans = wants_power(args)
    if args.resume is not None and args.output is not None:
        raise UserError("A resumed comparison keeps its own folder; leave --output away.")
    if args.resume is not None and plans:
        raise UserError("--power plans a comparison, --resume runs one; leave one of them away.")
    if args.resume is not None and args.config is not None:
        raise UserError("A resumed comparison keeps its own settings; leave --config away.")
    cache = cache_folder(args)
    config = config_of(args)
    if args.resume is not None:
        compare(config, args.resume, resume=True, cache=cache)
        return
    if plans:
        print_power(config, args)
        return
    compare(config, output_folder(args.output, "compare"), cache=cache)


def config_of(args: argparse.Namespace) -> CompareConfig:
    """The settings that a command line names: the file's or a folder's, and its words.

    Raises:
        UserError: As `rl.comparison.config.compare_config`, or the folder holds no comparison.
    """
    from rl.comparison.config import compare_config, config_keys
    from rl.comparison.folder import resumed_config
    from rl.comparison.policies import apply_words
    from tagger.config.overrides import build_with_words
    from tagger.config.settings import read_yaml

    seed = [] if args.seed is None else [f"seed={args.seed}"]
    overrides = [*args.overrides, *seed]
    if args.resume is not None:
        return resumed_config(args.resume, overrides)
    values = section(read_yaml(args.config), "compare", str(args.config)) if args.config else {}
    return build_with_words(
        lambda words, source: compare_config(apply_words(values, words, config_keys()), source),
        overrides,
        str(args.config or "settings"),
    )


def compare(
    config: CompareConfig, output: Path, *, resume: bool = False, cache: Path | None = None
) -> None:
    """Run a comparison and show its results; an interruption names the command that resumes."""
    entries = config.policies.values()
    one_thread_if_small(*(e["model"] if isinstance(e, dict) else e for e in entries))
    from rl.comparison.folder import CONFIG
    from rl.comparison.run import run_comparison

    with (
        resumable(output / CONFIG, "compare", "--resume", output),
        progress_of_parts() as progress,
    ):
        results = run_comparison(
            config, output, resume=resume, progress=progress, command=command_line(), cache=cache
        )
    arms = results["provenance"]["arms"]
    kept = f", {len(arms['folder'])} were in the folder" if arms["folder"] else ""
    print(
        f"{len(arms['cache'])} arms read from the cache, {len(arms['sampled'])} sampled{kept}"
        f"{': ' if arms['sampled'] else ''}{', '.join(arms['sampled'])}",
        file=sys.stderr,
    )
    show_results(results, output)


COMMAND = Command(
    name="compare",
    summary="compare policies, free and monitored, on the same problems",
    example="suffice compare --config configs/quickstart.yaml trained=runs/first/policy samples=2",
    configure=configure,
    run=run,
)
