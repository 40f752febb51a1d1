"""An evaluation in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from tagger.evaluation.report.format import NOTHING, headline_figures, interval, number, size_text


def evaluation_view(record: Mapping[str, Any]) -> RenderableType:
    """Tables of headline figures, of types, and of verification by tagger and by keyword.

    Args:
        record: From `tagger.evaluation.figures.Evaluation.as_dict`.

    Returns:
        Something a rich console prints.
    """
    parts: list[RenderableType] = [_headline(record), "", _types(record)]
    if record["verification"] is not None:
        parts += ["", _finders(record)]
    return Group(*parts)


def _headline(record: Mapping[str, Any]) -> Table:
    table = Table(title=escape(size_text(record)), title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("", justify="right", style="bold")
    table.add_column("95 % over traces", style="dim")
    for row in headline_figures(record):
        table.add_row(*row)
    return table


def _columns(first: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for name in ("prec.", "recall", "F1"):
        table.add_column(name, justify="right")
    table.add_column("95 %", style="dim", no_wrap=True)
    for name in ("true", "pred.", "count bias", "error"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _types(record: Mapping[str, Any]) -> Table:
    table = _columns("type")
    table.caption = "error: mean absolute error of the count of a trace, in steps"
    table.caption_justify = "left"
    for name, row in record["types"].items():
        count = record["counts"].get(name)
        bias = (
            number(count["predicted"]["bias"]["mean"], 0, percent=True, sign=True) if count else ""
        )
        error = number(count["predicted"]["mae"]["mean"], 2) if count else ""
        table.add_row(row["tag"], *_ratios(row), bias, error)
    return table


def _finders(record: Mapping[str, Any]) -> Table:
    table = _columns("verification by")
    count = record["counts"].get("verification")
    for name, row, error in (
        ("this tagger", record["verification"], count["predicted"] if count else None),
        *((name, row, None) for name, row in record["keywords"].items()),
    ):
        bias = error["bias"] if error else row.get("count_bias", {"mean": None})
        mae = number(error["mae"]["mean"], 2) if error else NOTHING
        shown = number(bias["mean"], 0, percent=True, sign=True)
        table.add_row(name, *_ratios(row), shown, mae)
    again = record["second_label"]
    if again and "verification_f1" in again:
        f1 = again["verification_f1"]
        name = "a second label"
        found = [number(f1["mean"]), interval(f1), str(again["verification_steps"])]
        table.add_row(name, "", "", *found, style="dim")
    return table


def _ratios(row: Mapping[str, Any]) -> list[str]:
    ratios = [number(row[key]["mean"]) for key in ("precision", "recall", "f1")]
    return [*ratios, interval(row["f1"]), str(row["support"]), str(row["predicted"])]
