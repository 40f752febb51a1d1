"""``suffice export``: write the policy of a run into a folder to be given away."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="folder of a training run")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FOLDER", help="new folder; must not exist"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--merge",
        action="store_true",
        help="the whole model, a LoRA adapter merged into it (default)",
    )
    form.add_argument(
        "--adapter", action="store_true", help="the LoRA adapter alone, for those who have the base"
    )
    parser.add_argument(
        "--checkpoint",
        type=_checkpoint,
        metavar="STEP",
        help="a step, best or last (default: the policy that the run made; last of a run that is "
        "not complete is its last whole checkpoint)",
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16", "float16"),
        help="data type of the weights (default: as they are stored)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="results.json, or the folder of a comparison of this very policy, for the card",
    )
    parser.add_argument(
        "--base",
        metavar="OWNER/NAME",
        help="name under which others find the base (default: the run's key model)",
    )


def run(args: argparse.Namespace) -> None:
    """Write the folder and say what is in it."""
    from rl.export.export import export_policy

    exported = export_policy(
        args.folder,
        args.output,
        form="adapter" if args.adapter else "merged",
        checkpoint=args.checkpoint,
        dtype=args.dtype,
        results=args.results,
        base=args.base,
    )
    what = f"adapter for {exported.base}" if args.adapter else "policy"
    print(
        f"Exported {what}: {exported.folder}, step {exported.step}, {exported.dtype}, "
        f"{exported.size / 1e6:,.1f} MB of weights.\n"
        f"Read {exported.folder / 'README.md'}, then: suffice push {exported.folder} OWNER/NAME"
    )
    if args.adapter and Path(exported.base).exists():
        print(
            f"The adapter names its base by a folder of this machine, {exported.base}; export it "
            "with --base OWNER/NAME if others are to load it."
        )


def _checkpoint(text: str) -> str:
    """A step, or one of the two words."""
    if text in ("best", "last") or text.isdecimal():
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is neither a step nor 'best' nor 'last'")


COMMAND = Command(
    name="export",
    summary="write the policy of a run into a folder to be given away, with its card",
    example="suffice export runs/first --output exported/first --results runs/compare",
    configure=configure,
    run=run,
)
