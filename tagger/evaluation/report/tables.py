"""Transfer tables and learning curves: records, terminal tables, pictures, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape as plain
from rich.table import Table

from tagger.display.cells import Cell
from tagger.display.cells import Table as PageTable
from tagger.display.svg import SOFT, Axes, Drawing
from tagger.display.templates import markup
from tagger.evaluation.report.format import NOTHING, interval, number
from tagger.evaluation.report.page import cell, document
from tagger.evaluation.report.plots import FIRST, SECOND

_FIGURES = (("verification_f1", "verification F1"), ("micro_f1", "micro-F1"))
_COLOURS = {"verification_f1": SECOND, "micro_f1": FIRST}


def _axes(cells: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Names of rows (trained) and columns (tested), in the order of the cells."""
    rows = list(dict.fromkeys(c["trained"] for c in cells))
    columns = list(dict.fromkeys(c["tested"] for c in cells))
    return rows, columns


def transfer_view(record: Mapping[str, Any]) -> RenderableType:
    """A matrix for each figure: a row for what was trained on, a column for what was tested on.

    Args:
        record: ``{by, cells, left_out, ...}`` as ``transfer.json`` holds it.
    """
    rows, columns = _axes(record["cells"])
    found = {(c["trained"], c["tested"]): c for c in record["cells"]}
    parts: list[RenderableType] = []
    for number_, name in enumerate(columns, start=1):
        size = max(c["steps"] for c in record["cells"] if c["tested"] == name)
        parts.append(plain(f"{number_}  {name}, {size} labelled steps"))
    for key, title in _FIGURES:
        shown = Table(title=f"{title}, 95 % over traces", box=None, header_style="dim")
        shown.add_column("trained on", no_wrap=True)
        for i in range(len(columns)):
            shown.add_column(f"on {i + 1}", justify="right", no_wrap=True)
        for row in rows:
            label = str(columns.index(row) + 1) if row in columns else plain(row)
            values = [found.get((row, column)) for column in columns]
            shown.add_row(label, *(_plain_cell(v, key) for v in values))
        parts += ["", shown]
    caution = _caution(record["cells"])
    return Group(*parts, *(["", caution] if caution else []))


def _caution(cells: Sequence[Mapping[str, Any]]) -> str:
    """A caution where taxonomies differ; empty where they do not."""
    if len({c["taxonomy"] for c in cells}) < 2:
        return ""
    return (
        "Labels of two taxonomies are compared in the coarser one, so that cells are scored over "
        "different numbers of types; compare micro-F1 only between cells of one taxonomy."
    )


def _plain_cell(found: Mapping[str, Any] | None, key: str) -> str:
    if found is None or found[key] is None:
        return NOTHING
    return f"{number(found[key]['mean'], 2)}\n[dim]{_span(found[key])}[/]"


def _span(figure: Mapping[str, Any]) -> str:
    return interval(figure, 2).replace(" to ", "–")


def transfer_page(record: Mapping[str, Any]) -> str:
    """The page of a transfer table; self-contained HTML."""
    rows, columns = _axes(record["cells"])
    found = {(c["trained"], c["tested"]): c for c in record["cells"]}
    tables = []
    for key, title in _FIGURES:
        head: list[Cell | str] = ["trained on", "steps"]
        head += [Cell(column, breakable=True) for column in columns]
        body: list[list[Cell | str]] = []
        for row in rows:
            sizes = [c["training_steps"] for c in record["cells"] if c["trained"] == row]
            size = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)}–{max(sizes)}"
            cells = [_shaded(found.get((row, column)), key, row == column) for column in columns]
            body.append([row, size, *cells])
        tables.append((title, PageTable(head, body)))
    return document("transfer.html.j2", record, tables=tables, caution=_caution(record["cells"]))


def _shaded(found: Mapping[str, Any] | None, key: str, own: bool) -> Cell:
    if found is None or found[key] is None:
        return Cell(NOTHING)
    value = found[key]["mean"]
    weight = 650 if own else 400
    tint = f"color-mix(in srgb,{_COLOURS[key]} {100 * value * 0.6:.0f}%,transparent)"
    style = f"background:{tint};border-radius:6px;padding:4px 6px;font-weight:{weight}"
    return cell(found[key], 2, style=style)


def curve_view(record: Mapping[str, Any]) -> RenderableType:
    """A row for each size of a learning curve.

    Args:
        record: ``{points, ...}`` as ``curve.json`` holds it.
    """
    shown = Table(title="figures on the test traces, mean over seeds", box=None, header_style="dim")
    for name in ("labels", "seeds", "verification F1", "95 %", "over seeds", "micro-F1", "95 %"):
        shown.add_column(name, justify="right", no_wrap=True)
    for point in record["points"]:
        check = point["verification_f1"] or {"mean": None, "low": None, "high": None}
        shown.add_row(
            str(point["size"]), str(len(point["runs"])), number(check["mean"]), _span(check),
            _range(point, "verification_f1"), number(point["micro_f1"]["mean"]),
            _span(point["micro_f1"]),
        )  # fmt: skip
    return shown


def _range(point: Mapping[str, Any], key: str) -> str:
    values = [run[key] for run in point["runs"] if run[key] is not None]
    if len(values) < 2:
        return NOTHING
    return f"{number(min(values), 2)}–{number(max(values), 2)}"


def curve_plot(record: Mapping[str, Any]) -> str:
    """Both metrics against the number of labels, with intervals and single runs."""
    points = record["points"]
    d = Drawing(880, 420, "Metrics against the number of labelled steps")
    seen = [p[key] for p in points for key, _ in _FIGURES if p[key]]
    low = min((f["low"] if f["low"] is not None else f["mean"] for f in seen), default=0.0)
    high = max((f["high"] if f["high"] is not None else f["mean"] for f in seen), default=1.0)
    most = max(p["size"] for p in points)
    area = Axes(80, 50, 760, 300, (0, most * 1.03), (max(0.0, low - 0.03), min(1.0, high + 0.03)))
    area.draw(d, "labelled steps trained on")
    for i, (key, name) in enumerate(_FIGURES):
        line = [(area.x(p["size"]), area.y(p[key]["mean"])) for p in points if p[key]]
        if not line:
            continue
        colour = _COLOURS[key]
        d.mark("circle", 92 + 160 * i, 20, 5, colour)
        d.text(103 + 160 * i, 24, name, 13)
        d.path(line, f"fill:none;stroke:{colour};stroke-width:2")
        for p in points:
            figure = p[key]
            if not figure:
                continue
            x = area.x(p["size"])
            if figure["low"] is not None:
                d.line(x, area.y(figure["low"]), x, area.y(figure["high"]), colour, 1.4)
            for run in p["runs"]:
                d.mark("ring", x, area.y(run[key]), 2.2, SOFT, f"seed {run['seed']}")
            tip = f"{p['size']} steps: {name} {number(figure['mean'])} ({interval(figure)})"
            d.mark("circle", x, area.y(figure["mean"]), 5, colour, tip)
    return d.svg()


def curve_page(record: Mapping[str, Any]) -> str:
    """The page of a learning curve; self-contained HTML."""
    rows: list[list[Cell | str]] = [
        [
            str(p["size"]),
            str(len(p["runs"])),
            *(cell(p[key]) for key, _ in _FIGURES),
            _range(p, "verification_f1"),
        ]
        for p in record["points"]
    ]
    head = ["labelled steps", "seeds", *(name for _, name in _FIGURES), "range over seeds"]
    plot = markup(curve_plot(record))
    return document("curve.html.j2", record, plot=plot, table=PageTable(head, rows))
