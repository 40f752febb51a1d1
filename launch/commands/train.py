"""``suffice train``: train a policy to verify just enough."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from launch.bootstrap import one_thread_if_small
from launch.command import CONFIGS, Command, add_config, add_output, add_seed, output_folder
from launch.results import command_line
from launch.resuming import resumable
from tagger.errors import Interrupted, UserError

if TYPE_CHECKING:
    from launch.recipes import Hardware, Recipe
    from rl.training.config import RunConfig

_DEFAULT = "quickstart"
DEFAULT_CONFIG = CONFIGS / f"{_DEFAULT}.yaml"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(
        parser,
        _DEFAULT,
        "grpo.learning_rate=5e-5 problems.size=200 … (`suffice config explain train` has all, "
        "docs/training.md the whole story)",
    )
    parser.add_argument(
        "--recipe",
        metavar="MODEL/TASK",
        help="a packaged recipe in the place of --config (`suffice recipes` lists them); the run "
        "folder is runs/MODEL/TASK/ARM",
    )
    parser.add_argument(
        "--arm", metavar="NAME", help="an arm of the recipe, or of a config with a section arms"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="check everything that needs neither weights nor a network, show the sizes, and stop",
    )
    add_seed(parser)
    add_output(parser, "train")
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="resume the run in this folder from its last checkpoint, under its own config",
    )


def run(args: argparse.Namespace) -> None:
    """Train and say where the policy is."""
    from launch.recipes import find_recipe

    config, recipe = None, find_recipe(args.recipe) if args.recipe is not None else None
    if args.resume is None:
        config = _config(args, recipe)
    elif (
        args.overrides
        or any(given is not None for given in (args.seed, args.output, args.recipe, args.arm))
        or args.dry_run
    ):
        raise UserError(
            "A resumed run keeps its own config, seed and folder; leave the overrides, --recipe, "
            "--arm, --seed, --output and --dry-run away, or begin a new run without --resume."
        )
    if config is not None and args.dry_run:
        show_dry_run(config, recipe.hardware if recipe is not None else this_machine())
        return
    from rl.training.run_folder import RunFolder, existing_run

    one_thread_if_small((config or existing_run(args.resume)[1]).model)
    from rl.training.run import run_training

    folder = RunFolder(args.resume if config is None else Path(config.output))
    try:
        with resumable(folder.config, "train", "--resume", folder.root):
            result = run_training(config, resume=args.resume, command=command_line())
    except Interrupted as stop:
        if stop.number != signal.SIGTERM or stop.resume is None:
            raise
        # The system wanted the machine, as Slurm and clouds say by SIGTERM: no failure.
        print(f"suffice: {stop}", file=sys.stderr)
        return
    if os.environ.get("RANK", "0") == "0":  # a launcher numbers its processes
        print(f"Trained policy: {result.policy_path}")


def _config(args: argparse.Namespace, recipe: Recipe | None) -> RunConfig:
    """The run that the options ask for, with its output folder."""
    from rl.training.config import load_config

    seed = [] if args.seed is None else [f"seed={args.seed}"]
    output, file = args.output, args.config
    if recipe is not None:
        if args.config != DEFAULT_CONFIG:
            raise UserError("--recipe and --config both name the run; leave one of them away.")
        if args.arm is None:
            raise UserError(
                f"The recipe {recipe.name} has the arms {', '.join(recipe.arms)}; choose one by "
                f"--arm, e.g. --arm {recipe.arms[0]}."
            )
        file = recipe.path
        output = output or recipe.output(args.arm)
    config = load_config(file, [*args.overrides, *seed], args.arm)
    config.output = str(output if args.dry_run and output else output_folder(output, "train"))
    return config


def this_machine() -> Hardware:
    """The GPUs of this machine, or its memory if it has none."""
    import torch

    from launch.recipes import Hardware
    from rl.scale.memory import GIB
    from rl.scale.strategies import applicable

    gpus = torch.cuda.device_count()
    size = (
        torch.cuda.get_device_properties(0).total_memory
        if gpus
        else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    )
    return Hardware(gpus, round(size / GIB, 1), applicable(gpus)[0])


def show_dry_run(config: RunConfig, hardware: Hardware) -> None:
    """Check a run without weights and network, and show its sizes.

    Raises:
        UserError: Something is wrong with it.
    """
    from launch.sizes import print_rows, size_rows
    from rl.scale.dry_run import dry_run

    found = dry_run(config, hardware.gpus)
    print_rows(f"Dry run, nothing was loaded: {config.output}", size_rows(config, found, hardware))
    for note in found.notes:
        print(f"suffice: {note}", file=sys.stderr)


COMMAND = Command(
    name="train",
    summary="train a policy to verify just enough",
    example="suffice train --output runs/first grpo.max_steps=20",
    configure=configure,
    run=run,
)
