"""``suffice rewards list``: every reward term in a table, then aggregations and weights."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launch.command import Command

if TYPE_CHECKING:
    from rich.console import Console

    from launch.commands.rewards.entries import Entry

_LEAST_WIDTH = 120
"""Columns of a terminal from which on the table has room for its words."""
_LONGEST_LINE = 100


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> None:
    """Print the list."""
    from launch.commands.rewards.entries import AGGREGATIONS, TERMS, WEIGHTS, entries

    found = entries()
    if args.json:
        print(as_json(found))
        return
    from rich.console import Console

    console = Console()
    terms = [entry for entry in found if entry.section == TERMS]
    if console.width >= _LEAST_WIDTH:
        _print_table(console, terms)
    else:
        print(as_text(terms, console.width))
    width = min(console.width, _LONGEST_LINE)
    for section, title in (
        (AGGREGATIONS, "Aggregations, how terms become advantages (reward.aggregation: NAME):"),
        (WEIGHTS, "Weights (reward.terms.TERM.weight: {schedule: NAME, ...}):"),
    ):
        print(f"\n{title}")
        for entry in found:
            if entry.section == section:
                print(_wrapped(f"{entry.name}: {entry.what}", width))
    print("\nsuffice rewards explain NAME says more of each.")


def as_json(found: Sequence[Entry]) -> str:
    """A list of objects; ``incorrect`` and ``needs`` are null for what is no term."""
    import json
    from dataclasses import asdict

    return json.dumps([asdict(entry) for entry in found], ensure_ascii=False, indent=1)


def as_text(terms: Sequence[Entry], width: int) -> str:
    """Terms one below the other, nothing cut: for terminals in which a table has no room.

    Args:
        terms: The terms.
        width: Columns there are.
    """
    width = min(width, _LONGEST_LINE)
    lines = []
    for term in terms:
        pays = f"Incorrect rollouts: {term.incorrect}."
        needs = f" Needs {term.needs}." if term.needs else ""
        lines.append(_wrapped(f"{term.name}  {term.source}", width, indents=("", "  ")))
        lines.append(_wrapped(f"{term.what} {pays}{needs}", width, indents=("  ", "  ")))
    return "\n".join(lines)


def _wrapped(text: str, width: int, indents: tuple[str, str] = ("  ", "    ")) -> str:
    """Text in lines of a width, with what stands before the first and the others; words whole."""
    return textwrap.fill(
        text,
        width,
        initial_indent=indents[0],
        subsequent_indent=indents[1],
        break_long_words=False,
        break_on_hyphens=False,
    )


def _print_table(console: Console, terms: Sequence[Entry]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("term", no_wrap=True)
    for title, ratio in (("what", 5), ("source", 4), ("incorrect rollouts", 3), ("needs", 3)):
        table.add_column(title, ratio=ratio)
    for term in terms:
        cells = (term.name, term.what, term.source, term.incorrect or "", term.needs or "")
        table.add_row(*map(escape, cells))
    console.print(table)


COMMAND = Command(
    name="rewards list",
    summary="list the reward terms: what each does, its source, what incorrect rollouts get",
    example="suffice rewards list",
    configure=configure,
    run=run,
)
