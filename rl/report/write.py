"""The report of a comparison: a table in the terminal and one HTML file, from ``results.json``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl import run_files
from rl.analysis.arms import policy_names, reference_of
from rl.analysis.schema import load_results
from rl.report.arms_csv import arms_csv
from rl.report.frontier import frontier_plot
from rl.report.page import page
from rl.report.style import LEAST_WIDTH, arm_look, grid_arms, main_arms, number, signed
from rl.report.words import headline, uncorrected
from tagger.errors import UserError
from tagger.files import write_atomically

if TYPE_CHECKING:
    from rich.console import Console

PICTURE = "frontier.svg"
TABLE = "arms.csv"
MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]?[/]"}


def write_report(run: Path, output: Path | None = None, *, replace: bool = False) -> Path:
    """Render a comparison's results into one self-contained HTML file.

    Args:
        run: The folder a comparison wrote, or its ``results.json``.
        output: The file to write; None takes ``report.html`` next to the results, and writes the
            main picture there as ``frontier.svg`` and the arms as ``arms.csv`` too.
        replace: Whether a file that is there may be replaced.

    Returns:
        The file written.

    Raises:
        UserError: The results are missing or malformed, or the file exists.
    """
    results = load_results(run)
    folder = run if run.is_dir() else run.parent
    target = output or folder / run_files.REPORT
    if target.exists() and not replace:
        raise UserError(f"{target} exists already; name another file with --output.")
    write_atomically(target, page(results).encode("utf-8"))
    if output is None:
        write_atomically(folder / TABLE, arms_csv(results).encode("utf-8"))
        write_atomically(folder / PICTURE, frontier_plot(results).encode("utf-8"))
    return target


def print_report(results: Mapping[str, Any], console: Console | None = None) -> None:
    """Print headline, warnings, table of arms, bands and verdicts to the terminal.

    Args:
        results: The content of ``results.json``.
        console: Where to print; None takes standard output.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.padding import Padding
    from rich.table import Table

    if console is None:
        console = Console(file=sys.stdout)
    console.print(f"\n[bold]{escape(results['title'])}[/]")
    console.print(headline(results), "\n", highlight=False)
    for warning in results.get("warnings", ()):
        console.print(f"[bold red]WARNING[/] {escape(warning['text'])}\n", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    of = reference_of(policy_names(results))
    versus = f"vs {of}"
    head = ("arm", "correct %", versus, "unfinished", "tokens", versus, "verif.", versus)
    for name in head:
        table.add_column(name, justify="left" if name == "arm" else "right")
    for name in main_arms(results):
        pair = results["paired"].get(f"{name}_vs_{of}")
        style = "bold" if results["arms"][name]["kind"] == "free" and name != "base" else ""
        table.add_row(*_cells(_label(results, name), results["arms"][name], pair), style=style)
    for name in grid_arms(results):
        pair = results["paired"].get(f"{name}_vs_{of}")
        label = f"  {results['arms'][name]['label']}"
        table.add_row(*_cells(label, results["arms"][name], pair), style="dim")
    bands = results["arms"]["base"]["bands"]
    for band in bands if len(bands) > 1 else ():
        table.add_row("")
        table.add_row(f"{band} ({results['problems']['bands'][band]} problems)", style="italic")
        for name in main_arms(results):
            pair = results["paired"].get(f"{name}_vs_{of}", {}).get("bands", {}).get(band)
            measures = results["arms"][name]["bands"][band]
            table.add_row(*_cells(f"  {arm_look(results, name)[0]}", measures, pair))
    width = console.width
    console.width = max(width, LEAST_WIDTH)
    console.print(table)
    console.width = width
    console.print()
    for claim in results["claims"]:
        text = f"{MARKS[claim['holds']]} {escape(claim['text'] + uncorrected(claim))}"
        console.print(Padding(text, (0, 0, 0, 0)), highlight=False)


def _label(results: Mapping[str, Any], name: str) -> str:
    if name == "monitored":
        return f"monitored ({results['arms'][name]['label']})"
    return str(results["arms"][name]["label"])


def _cells(label: str, m: Mapping[str, Any], pair: Mapping[str, Any] | None) -> list[str]:
    def versus(key: str, unit: str, digits: int) -> str:
        if pair is None or pair[key]["mean"] is None:
            return ""
        return signed(pair[key]["mean"] * 100, digits, unit)

    half = (m["accuracy"]["high"] - m["accuracy"]["low"]) * 50
    return [
        label,
        f"{number(m['accuracy']['mean'] * 100, 1)} ±{number(half, 1)}",
        versus("accuracy", " pt", 1),
        f"{number((1 - m['finished']['mean']) * 100, 1)} %",
        number(m["tokens"]["mean"], 1),
        versus("tokens_change", " %", 0),
        number(m["verification_steps"]["mean"], 2),
        versus("verification_steps_change", " %", 0),
    ]
