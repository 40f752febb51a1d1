"""``suffice sweep SWEEP.yaml``: train every setting with every seed, compare, recommend."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from launch.command import Command, add_output, output_folder, whole_number
from launch.commands.compare import add_cache, cache_folder
from launch.commands.sweep.begun_in import there
from launch.commands.sweep.elsewhere import write_agents, write_array
from launch.commands.sweep.show import show_sweep
from launch.progress import progress_of_parts
from launch.results import command_line
from launch.resuming import resumable
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("file", type=Path, nargs="?", metavar="SWEEP.yaml", help="the sweep file")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="KEY=VALUE",
        help="single keys of the sweep, which override the file: workers=2 seeds='[0, 1]' …",
    )
    add_output(parser, "sweep")
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FOLDER",
        help="resume the sweep in this folder under its own settings",
    )
    parser.add_argument(
        "--extend",
        action="store_true",
        help="go on in the folder of --output with more seeds, values, arms or trials than it "
        "began with; what is done there stays",
    )
    parser.add_argument(
        "--retry-failed", action="store_true", help="run those again that failed; else they stay"
    )
    parser.add_argument(
        "--workers",
        type=whole_number("number of workers", 1),
        metavar="N",
        help="runs side by side, one thread each (default: the sweep's, 1)",
    )
    parser.add_argument(
        "--tiny",
        action="store_true",
        help="check all runs, then train control and one other arm for two steps and render the "
        "page: about two minutes of one CPU with the embedded model",
    )
    parser.add_argument(
        "--slurm",
        action="store_true",
        help="check the sweep and write its folder and a script for sbatch, an array of workers",
    )
    parser.add_argument(
        "--wandb",
        metavar="PROJECT",
        help="check the sweep and write its folder and a file for `wandb sweep`, whose agents work "
        "on it on any machines that share the folder",
    )
    add_cache(parser)


def run(args: argparse.Namespace) -> None:
    """Run the sweep and show its results."""
    from rl.sweep.extended import extend_sweep
    from rl.sweep.folder import SWEEP, open_sweep
    from rl.sweep.settings.config import load_sweep
    from rl.sweep.sweep import begin_sweep, run_begun, tiny_of

    _check(args)
    if args.resume is not None:
        output = args.resume
        config = open_sweep(output).config
    else:
        config = load_sweep(args.file, args.overrides)
        output = _folder(args.output)
    config = replace(config, workers=args.workers or config.workers)
    cache = cache_folder(args)
    with (
        resumable((output / SWEEP).absolute(), "sweep", "--resume", output),
        progress_of_parts() as progress,
    ):
        if args.tiny:
            config = tiny_of(config, progress)
        shared = cache.absolute() if cache else None
        if args.extend:
            sweep = there(extend_sweep(output, config, progress))
        else:
            begun = begin_sweep(
                config, output, shared, progress, command_line(), warn=not args.tiny
            )
            sweep = there(begun)
        if args.slurm:
            write_array(sweep)
            return
        if args.wandb is not None:
            write_agents(sweep, args.wandb)
            return
        results = run_begun(
            sweep,
            retry=args.retry_failed,
            progress=progress,
            command=None if sweep.command and not args.extend else command_line(),
        )
    show_sweep(results, output)
    if args.tiny:
        print("The sweep file works. Figures after so few steps and problems say nothing else.")


def _check(args: argparse.Namespace) -> None:
    """Refuse options that contradict each other."""
    chosen = [name for name in ("tiny", "slurm", "wandb") if getattr(args, name)]
    if len(chosen) > 1:
        raise UserError(f"--{chosen[0]} and --{chosen[1]} contradict each other; leave one away.")
    if args.retry_failed and (args.slurm or args.wandb):
        raise UserError(
            f"--{chosen[0]} writes a file and runs nothing, so --retry-failed has no effect; run"
            " suffice sweep --resume FOLDER --retry-failed, or leave it away."
        )
    if args.wandb is not None and args.workers is not None:
        raise UserError(
            "--workers has no effect with --wandb: start as many agents as are to run side by side;"
            " leave it away."
        )
    if args.resume is not None:
        given = (args.file, args.overrides, args.output, args.tiny, args.extend)
        if any(given):
            raise UserError(
                "A resumed sweep keeps its own settings and folder; leave the file, overrides,"
                " --output, --extend and --tiny away."
            )
    elif args.file is None:
        raise UserError("Name a sweep file, or the folder of a sweep with --resume.")
    elif args.extend and (args.tiny or args.output is None):
        raise UserError(
            "--extend adds runs to a sweep that was begun; name its folder with --output, and leave"
            " --tiny away."
        )
    elif "=" in args.file.name and not args.file.exists():
        raise UserError(f"{args.file} is a setting and no file; name the sweep file first.")


def _folder(chosen: Path | None) -> Path:
    """The folder of the sweep; one that is there may be that of this very sweep."""
    if chosen is not None and chosen.is_dir():
        return chosen
    return output_folder(chosen, "sweep")


COMMAND = Command(
    name="sweep run",
    summary="train every setting of a sweep file, and compare them",
    example="suffice sweep sweep.yaml --workers 2 --output runs/weights",
    configure=configure,
    run=run,
    default=True,
)
