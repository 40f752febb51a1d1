"""``suffice evaluate``: accuracy and length of one policy's answers."""

from __future__ import annotations

import argparse
from typing import Any

from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.commands.compare import add_cache, cache_folder, compare
from launch.settings import section
from tagger.errors import UserError

LONE_ARM: dict[str, Any] = {
    "grid_policies": None,
    "claims": None,
    "rules": {},
    "oracle": False,
}
"""An evaluation is a comparison with one arm."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "model", metavar="MODEL", help="policy: a folder, a hub name, or overthinker"
    )
    add_config(parser, None, "problems.source=my.jsonl problems.size=100 samples=2 temperature=0.6")
    add_seed(parser)
    add_output(parser, "evaluate")
    add_cache(parser)


def run(args: argparse.Namespace) -> None:
    """Sample, score, write results and report, print the table."""
    from rl.analysis.arms import BASE
    from rl.comparison.config import compare_config
    from rl.comparison.policies import SHORT
    from tagger.config.settings import apply_overrides, read_yaml

    if "=" in args.model:
        raise UserError(f"Name the policy before the settings; {args.model!r} is a setting.")
    values = section(read_yaml(args.config), "compare") if args.config else {}
    values = {"title": "Evaluation", **apply_overrides(values, args.overrides), **LONE_ARM}
    values = {key: value for key, value in values.items() if key not in SHORT}
    values["policies"] = {BASE: args.model}
    if args.seed is not None:
        values["seed"] = args.seed
    config = compare_config(values, str(args.config or "settings"))
    compare(config, output_folder(args.output, "evaluate"), cache=cache_folder(args))


COMMAND = Command(
    name="evaluate",
    summary="measure the accuracy, tokens and verification of one policy",
    example="suffice evaluate overthinker problems.size=50 samples=2",
    configure=configure,
    run=run,
)
