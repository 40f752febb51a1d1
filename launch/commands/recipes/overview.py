"""``suffice recipes``: every recipe in a table."""

from __future__ import annotations

import argparse

from launch.command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(args: argparse.Namespace) -> None:
    """Print the table."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from launch.recipes import find_recipe, recipe_names

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("recipe", no_wrap=True)
    for title in ("hardware", "time; expected"):
        table.add_column(title)
    for name in recipe_names():
        recipe = find_recipe(name)
        measured = "; ".join(dict.fromkeys((recipe.notes["time"], recipe.notes["expected"])))
        table.add_row(name, escape(recipe.hardware.text), escape(measured))
    console = Console()
    console.print(table)
    console.print("suffice recipes explain RECIPE has the commands.", highlight=False)


COMMAND = Command(
    name="recipes list",
    summary="list the recipes: configs of known models on known problems, ready to start",
    example="suffice recipes",
    configure=configure,
    run=run,
    bare=True,
)
