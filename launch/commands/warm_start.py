"""``suffice warm-start``: teach a small chat model to think in steps, and to over-verify."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from launch.command import Command, add_config, add_seed
from launch.resuming import resumable
from launch.settings import settings_of
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(parser, None, "model, traces, bands, batch_size, learning_rate, save_every")
    add_seed(parser)
    parser.add_argument(
        "--output",
        type=Path,
        default=None,
        metavar="FOLDER",
        help="new model folder (default: smollm2-thinking in the cache, where configs find it by "
        "that name)",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FOLDER",
        help="resume the warm start in this folder from its last checkpoint",
    )


def run(args: argparse.Namespace) -> None:
    """Train and say where the model is."""
    from rl.policy.converted import SMOLLM2_THINKING, cached_model

    named = args.output or cached_model(SMOLLM2_THINKING)
    if args.resume is not None:
        if args.config or args.overrides or args.seed is not None or args.output is not None:
            raise UserError(
                "A resumed warm start keeps its own settings; leave --config, --seed, --output and "
                "the overrides away, or begin a new one without --resume."
            )
        named = args.resume
    from rl.warm_start.run import SETTINGS_FILE, WarmStartSettings, begin, run_warm_start

    if args.resume is None:
        begin(named, settings_of(WarmStartSettings, args.config, args.overrides, seed=args.seed))
    with resumable(named / SETTINGS_FILE, "warm-start", "--resume", named):
        folder = run_warm_start(named, _show)
    model = SMOLLM2_THINKING if folder == cached_model(SMOLLM2_THINKING) else folder
    print(f"Warm-started model: {folder}. Measure it: suffice evaluate {model}")


def _show(done: int, total: int, loss: float) -> None:
    print(f"step {done}/{total}: loss {loss:.3f}", file=sys.stderr, flush=True)


COMMAND = Command(
    name="warm-start",
    summary="teach a small chat model to think in steps and to over-verify, by written traces",
    example="suffice warm-start --output models/smollm2 traces=320",
    configure=configure,
    run=run,
)
