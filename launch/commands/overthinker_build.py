"""``suffice overthinker build``: train the embedded overthinker from seed."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from launch.command import Command, add_output, output_folder
from launch.settings import settings_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="YAML file with build settings (default: none)"
    )
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="KEY=VALUE",
        help="single build settings: traces, vocabulary, hidden, layers, learning_rate, …",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="seed of everything (default: the packaged model's)"
    )
    add_output(parser, "overthinker")


def run(args: argparse.Namespace) -> None:
    """Build the model and say where it is."""
    from rl.overthinker.build import BuildSettings, build

    settings = settings_of(BuildSettings, args.config, args.overrides, seed=args.seed)
    output = output_folder(args.output, "overthinker")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    folder = build(output, settings)
    print(f"Built {folder} from seed {settings.seed}. Try it: suffice evaluate {folder}")


COMMAND = Command(
    name="overthinker build",
    summary="train the embedded overthinker from seed",
    example="suffice overthinker build --seed 1 --output my-overthinker traces=20000",
    configure=configure,
    run=run,
)
