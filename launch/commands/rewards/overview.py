"""``suffice rewards list``: every reward term in a table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from launch.command import Command
from launch.commands.rewards.bounds import bounds_text

if TYPE_CHECKING:
    from rewards.terms.base import TermKind

_READS = {
    "audit_verification": "an audit tagger",
    "audit_verification_completion": "an audit tagger",
    "budget": "budget of the problem",
    "reference_accuracy": "reference_accuracy of the problem",
    "forecast_solve_rate": "<predict> blocks",
    "forecast_budget": "<predict> blocks",
}
"""What a column that not every rollout has comes from."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(args: argparse.Namespace) -> None:
    """Print the table."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from rewards.terms.registry import MODULES, term_kind, term_text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("term", no_wrap=True)
    for title, ratio in (("what", 5), ("source", 4), ("incorrect rollouts", 3), ("needs", 3)):
        table.add_column(title, ratio=ratio)
    for name in MODULES:
        kind = term_kind(name)
        what = " ".join(term_text(name).partition("\n\n")[0].split())
        cells = (what, kind.source or "ours", pays_incorrect(kind), needs(kind))
        table.add_row(name, *(escape(cell) for cell in cells))
    console = Console()
    console.print(table)
    console.print("suffice rewards explain TERM says more.", highlight=False)


def pays_incorrect(kind: TermKind) -> str:
    """The values of an incorrect rollout at the default parameters, and what changes them."""
    from dataclasses import fields

    default: Any = kind.params()
    usual = kind.bounds(default).incorrect
    text = bounds_text(usual)
    if any(field.name == "gate" for field in fields(default)) and default.gate != "none":
        other = kind.bounds(kind.params(**{"gate": "none"})).incorrect
        if other != usual:
            text += f"; gate: none {bounds_text(other)}"
    return text


def needs(kind: TermKind) -> str:
    """What a term works with that not every run has."""
    found = ["groups of 2 or more"] if kind.compares(kind.params()) else []
    return ", ".join(dict.fromkeys([*found, *(_READS[column] for column in kind.reads)]))


COMMAND = Command(
    name="rewards list",
    summary="list the reward terms: what each does, its source, what incorrect rollouts get",
    example="suffice rewards list",
    configure=configure,
    run=run,
)
