"""``suffice config explain``: what a key of a config means, may be, and is by default."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launch.command import Command
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.config.explain import KeyDoc


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "key",
        metavar="KEY",
        nargs="?",
        help="a key or section of a training run (train.…) or a comparison (compare.…), such as "
        "reward.terms.step_count, rules.count or grpo.beta (default: list all keys)",
    )
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")


def run(args: argparse.Namespace) -> None:
    """Print the keys."""
    from launch.config_keys import CONFIGS, explained

    if args.key is not None and not args.key.strip("."):
        raise UserError("KEY is empty; give a key such as reward.terms, or none to list all.")
    names = [args.key.rstrip(".")] if args.key is not None else list(CONFIGS)
    docs = [doc for name in names for doc in explained(name)]
    if args.markdown:
        print(markdown_table(docs), end="")
    elif args.key is None:
        for doc in docs:
            print(f"{doc.key}: {doc.default}")
        print("\nsuffice config explain KEY says more; grpo.… and lora.… are TRL's and peft's.")
    else:
        print("\n\n".join(paragraph(doc) for doc in docs))


def markdown_table(docs: Sequence[KeyDoc]) -> str:
    """A table with a row for each key, without ``train.`` or ``compare.`` before it."""
    rows = ["| key | may be | default | what |", "|---|---|---|---|"]
    for doc in docs:
        key = doc.key.partition(".")[2]
        cells = (f"`{key}`", doc.allowed, f"`{doc.default}`", doc.text.replace("``", "`"))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "".join(f"{row}\n" for row in rows)


def paragraph(doc: KeyDoc) -> str:
    """A key, what it may be, its default and what it is for."""
    lines = [doc.key, f"  may be: {doc.allowed}", f"  default: {doc.default}"]
    return "\n".join([*lines, f"  {doc.text}"] if doc.text else lines)


COMMAND = Command(
    name="config explain",
    summary="explain the keys of training and comparison configs",
    example="suffice config explain reward.terms.step_count",
    configure=configure,
    run=run,
)
