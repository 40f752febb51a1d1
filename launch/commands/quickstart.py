"""``suffice quickstart``: the whole kit on the packaged overthinker."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from launch.bootstrap import one_thread_if_small, stay_offline
from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.results import command_line, show_results
from launch.resuming import resumable
from launch.settings import section
from tagger.errors import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_config(parser, "quickstart", "train.grpo.max_steps=20 compare.problems.size=50 …")
    add_seed(parser)
    add_output(parser, "quickstart")
    parser.add_argument(
        "--full",
        action="store_true",
        help="also train the length twin, three seeds of each policy, and compare under all rules",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="resume the run in this folder where it was interrupted",
    )


def run(args: argparse.Namespace) -> None:
    """Check, train, compare, report; say where everything is and how long it took."""
    stay_offline()
    one_thread_if_small(_model(args))
    from launch import quickstart

    if args.resume is None:
        root = output_folder(args.output, "quickstart")
        plan = quickstart.plan(args.config, args.overrides, args.seed, root, args.full)
        quickstart.begin(plan)
    elif args.overrides or args.seed is not None or args.output is not None or args.full:
        raise UserError(
            "A resumed run keeps its own config, seed and folder; leave the overrides, --seed, "
            "--full and --output away, or begin a new run without --resume."
        )
    else:
        plan = quickstart.resume(args.resume)
    _say(f"Run folder: {plan.root} (if interrupted: suffice quickstart --resume {plan.root})")
    with resumable(plan.root / quickstart.CONFIG, "quickstart", "--resume", plan.root):
        results = quickstart.carry_out(plan, _say, command_line())
    show_results(results, plan.comparison)
    print(f"Policy:  {plan.training.policy}")
    seconds = quickstart.stage_seconds(plan.root)
    parts = ", ".join(f"{stage} {value / 60:.1f}" for stage, value in seconds.items())
    _say(f"Minutes: {sum(seconds.values()) / 60:.1f} ({parts})")


def _model(args: argparse.Namespace) -> object:
    """The model that the config names, read before anything heavy is imported."""
    from tagger.config.settings import apply_overrides, read_yaml

    file = args.config if args.resume is None else args.resume / "quickstart.yaml"
    if not file.is_file():
        return None  # told by the checks to come
    train = section(apply_overrides(read_yaml(file), args.overrides), "train", str(file))
    return train.get("model", "overthinker")


def _say(line: str) -> None:
    print(f"[suffice] {line}", file=sys.stderr, flush=True)


COMMAND = Command(
    name="quickstart",
    summary="train the packaged overthinker and its control, compare both with the base, report",
    example="suffice quickstart --seed 1",
    configure=configure,
    run=run,
)
