"""``suffice train``: train a policy to verify just enough."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from launch.bootstrap import one_thread_if_small
from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.resuming import resumable
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(
        parser,
        "quickstart",
        "grpo.learning_rate=5e-5 problems.size=200 … (`suffice config explain train` has all, "
        "docs/training.md the whole story)",
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
    from rl.training.config import load_config

    config = None
    if args.resume is None:
        seed = [] if args.seed is None else [f"seed={args.seed}"]
        config = load_config(args.config, [*args.overrides, *seed])
        config.output = str(output_folder(args.output, "train"))
    elif args.overrides or args.seed is not None or args.output is not None:
        raise UserError(
            "A resumed run keeps its own config, seed and folder; leave the overrides, --seed and "
            "--output away, or begin a new run without --resume."
        )
    from rl.training.run_folder import RunFolder, existing_run

    one_thread_if_small((config or existing_run(args.resume)[1]).model)
    from rl.training.run import run_training

    folder = RunFolder(args.resume if config is None else Path(config.output))
    with resumable(folder.config, "train", "--resume", folder.root):
        result = run_training(config, resume=args.resume)
    if os.environ.get("RANK", "0") == "0":  # a launcher numbers its processes
        print(f"Trained policy: {result.policy_path}")


COMMAND = Command(
    name="train",
    summary="train a policy to verify just enough",
    example="suffice train --output runs/first grpo.max_steps=20",
    configure=configure,
    run=run,
)
