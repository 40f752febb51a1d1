"""The sizes of a run, as lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launch.recipes import Hardware
from rl.scale.memory import GIB, memory_of
from rl.scale.optimiser import DEFAULT, optimiser_note
from rl.scale.resolve import Resolved
from rl.training.config import RunConfig


def size_rows(config: RunConfig, found: Resolved, hardware: Hardware) -> list[tuple[str, str]]:
    """What a run is, how large its steps are and what memory they need.

    Args:
        config: Its config.
        found: The run, resolved for that hardware.
        hardware: What it is meant for.

    Returns:
        A label and a text each.
    """
    shape, work = found.shape, found.work
    what = "a LoRA" if work.lora else "all"
    positions = "" if shape.context is None else f", context {shape.context:,}"
    problems = config.problems
    split = "" if problems.split is None else f", split {problems.split}"
    size = "" if problems.size is None else f", {problems.size:,} problems"
    steps = "known once the problems are read" if work.steps is None else f"{work.steps:,}"
    memory = memory_of(shape, work, hardware.strategy, hardware.memory * GIB)
    each = "" if work.processes == 1 else " a GPU"
    rows = [
        ("model", f"{config.model}, {count(shape.parameters)} parameters{positions}"),
        ("trains", f"{count(work.trainable)} parameters ({what})"),
        ("problems", f"{problems.source}{split}{size}"),
        ("reward", ", ".join(_term(n, t) for n, t in config.reward.terms.items())),
        ("steps", steps),
        (
            "a step",
            f"{work.rollouts:,} rollouts of {work.prompts:,} problems, at most {work.tokens:,} "
            f"tokens (prompts taken as {work.prompt})",
        ),
        ("hardware", hardware.text),
        (
            "memory",
            f"{memory.peak / GIB:.1f} GiB{each}, most of it {memory.largest} ({memory.phase})",
        ),
    ]
    if work.optimiser != DEFAULT:
        note = optimiser_note(work.optimiser)
        rows.append(("optimiser", f"{work.optimiser}{note and f'; {note}'}"))
    if found.waits_for:
        rows.append(("waits for", f"a completed run in {', '.join(found.waits_for)}"))
    return rows


def count(number: int) -> str:
    """A number of parameters for a reader: ``1.72 billion``."""
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number:,}"


def _term(name: str, given: Any) -> str:
    weight = given.get("weight", 1.0) if isinstance(given, Mapping) else 1.0
    shown = weight.get("schedule") if isinstance(weight, Mapping) else f"{weight:g}"
    return f"{name} {shown}"


def print_rows(title: str, rows: list[tuple[str, str]]) -> None:
    """Print a title and the rows below it, wrapped to the terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    console.print(escape(title), style="bold", highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(label, escape(text))
    console.print(table)
