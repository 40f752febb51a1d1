"""``suffice evaluate``: accuracy and length of one policy's answers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.commands.compare import add_cache, cache_folder, compare
from launch.settings import section
from tagger.errors import UserError

if TYPE_CHECKING:
    from rl.comparison.config import CompareConfig

LONE_ARM: dict[str, Any] = {
    "grid_policies": None,
    "claims": None,
    "baselines": [],
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
    from tagger.config.overrides import build_with_words
    from tagger.config.settings import apply_overrides, read_yaml

    if "=" in args.model:
        raise UserError(f"Name the policy before the settings; {args.model!r} is a setting.")
    values = section(read_yaml(args.config), "compare", str(args.config)) if args.config else {}
    seed = [] if args.seed is None else [f"seed={args.seed}"]

    def build(words: Sequence[str], source: str) -> CompareConfig:
        given = {"title": "Evaluation", **apply_overrides(values, words), **LONE_ARM}
        given = {key: value for key, value in given.items() if key not in SHORT}
        return compare_config({**given, "policies": {BASE: args.model}}, source)

    config = build_with_words(build, [*args.overrides, *seed], str(args.config or "settings"))
    compare(config, output_folder(args.output, "evaluate"), cache=cache_folder(args))


COMMAND = Command(
    name="evaluate",
    summary="measure the accuracy, tokens and verification of one policy",
    example="suffice evaluate overthinker problems.size=50 samples=2",
    configure=configure,
    run=run,
)
