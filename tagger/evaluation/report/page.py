"""The page of an evaluation: one HTML file without scripts, fonts or images from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tagger.display.cells import Cell, Table
from tagger.display.style import PAGE_CSS
from tagger.display.templates import markup, render
from tagger.evaluation.report import plots
from tagger.evaluation.report.format import NOTHING, headline_figures, interval, number, size_text

TILES = ("verification F1", "verification count bias", "micro-F1", "role macro-F1", "ECE")


def document(name: str, record: Mapping[str, Any], **values: Any) -> str:
    """A page of this folder, filled.

    Args:
        name: File of the template.
        record: What the page shows; its ``provenance`` and ``bootstrap`` end the page.
        values: What else the template uses.
    """
    provenance = {**record.get("provenance", {}), "bootstrap": record["bootstrap"]}
    return render(
        f"{__package__}/{name}",
        css=markup(PAGE_CSS),
        command=provenance.pop("command", None),
        provenance=_texts(provenance),
        line=markup("<br>"),
        record=record,
        **values,
    )


def cell(
    figure: Mapping[str, Any] | None, digits: int = 3, *, percent: bool = False, style: str = ""
) -> Cell:
    """A figure with its interval below it; percentages carry their sign."""
    if figure is None:
        return Cell(NOTHING)
    shown = number(figure["mean"], digits, percent=percent, sign=percent)
    return Cell(shown, interval(figure, digits, percent=percent, sign=percent), style=style)


def evaluation_page(record: Mapping[str, Any]) -> str:
    """The page.

    Args:
        record: From `tagger.evaluation.figures.Evaluation.as_dict`, with ``provenance``.

    Returns:
        HTML; depends on nothing but the record.
    """
    provenance = record.get("provenance", {})
    headline = headline_figures(record)
    counts = plots.count_plot(record)
    return document(
        "evaluation.html.j2",
        record,
        size=size_text(record),
        fingerprint=str(provenance.get("tagger_fingerprint", ""))[:12],
        date=str(provenance.get("date", "")),
        tiles=[(name, value, [span]) for name, value, span in headline if name in TILES],
        headline=Table(
            ["", "", "95 % over traces"],
            [[name, Cell(value, kind="b"), span] for name, value, span in headline],
        ),
        verification=_verification(record),
        types=_types(record),
        f1_plot=markup(plots.f1_plot(record)),
        confusion_plot=markup(plots.confusion_plot(record)),
        reliability_plot=markup(plots.reliability_plot(record)),
        count_plot=markup(counts) if counts else None,
        counts=_counts(record),
        enough=plots.ENOUGH,
        number=number,
        interval=interval,
    )


def _verification(record: Mapping[str, Any]) -> Table | None:
    """This tagger and each keyword list; None where no type is verification."""
    check = record["verification"]
    if check is None:
        return None
    predicted = record["counts"].get("verification", {}).get("predicted", {})
    rows = [["this tagger", *_ratios(check), cell(predicted.get("bias"), 1, percent=True)]]
    for name, row in record["keywords"].items():
        rows.append([name, *_ratios(row), cell(row["count_bias"], 1, percent=True)])
    return Table(
        ["found by", "precision", "recall", "F1", "steps", "predicted", "count bias"], rows
    )


def _types(record: Mapping[str, Any]) -> Table:
    rows = [[Cell(name), *_ratios(row)] for name, row in record["types"].items()]
    rows += [
        [Cell(f"role: {role}", kind="i"), *_ratios(row)]
        for role, row in record["roles"].items()
        if role != "macro_f1"
    ]
    return Table(["type", "precision", "recall", "F1", "steps", "predicted"], rows)


def _counts(record: Mapping[str, Any]) -> Table:
    rows = [
        [
            name,
            *(cell(row[key]["bias"], 1, percent=True) for key in ("predicted", "summed")),
            *(cell(row[key]["mae"], 2) for key in ("predicted", "summed")),
        ]
        for name, row in record["counts"].items()
    ]
    head = [
        "type",
        "bias, predicted",
        "bias, summed",
        "error a trace, predicted",
        "error a trace, summed",
    ]
    return Table(head, rows)


def _ratios(row: Mapping[str, Any]) -> list[Cell | str]:
    ratios = [cell(row[key]) for key in ("precision", "recall", "f1")]
    return [*ratios, str(row["support"]), str(row["predicted"])]


def _texts(value: Any) -> Any:
    """What a page says of recorded values: text as it is, all else as JSON."""
    if isinstance(value, Mapping):
        return {str(key): _texts(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(inner) for inner in value]
    return value if isinstance(value, str) else json.dumps(value)
