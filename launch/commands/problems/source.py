"""The problem set that `suffice problems` looks at."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tagger.config.settings import apply_overrides, build_settings
from tagger.errors import UserError

if TYPE_CHECKING:
    from rl.problems import Problem

GENERATED = 100
"""Problems that are drawn of a generated source, unless ``size`` says another number."""


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add ``SOURCE`` and the keys of a problem set."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="what problems.source may be: a file, hf:NAME, reasoning_gym:NAME, a named set such as"
        " gsm8k, or overthinker",
    )
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="KEY=VALUE",
        help="further keys of problems: split, size, seed, config, columns.question, checker, "
        "settings.KEY",
    )


def problems_of(args: argparse.Namespace) -> list[Problem]:
    """Load the set; without a split the source's first one, its test split if it has one.

    Raises:
        UserError: As `rl.problems.registry.load`.
    """
    from rl.problems.config import ProblemsConfig
    from rl.problems.registry import find_source, load

    if "=" in args.source and ":" not in args.source:
        raise UserError(f"Name the source before the settings; {args.source!r} is a setting.")
    values = apply_overrides({"source": args.source}, args.overrides)
    source = find_source(str(values["source"]))
    if source.splits:
        values.setdefault("split", source.splits[0])
    if source.generated:
        values.setdefault("size", GENERATED)
    return load(build_settings(ProblemsConfig, values, "command line"))
