"""The page of an evaluation: one HTML file without scripts, fonts or images from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from tagger.display.style import PAGE_CSS
from tagger.evaluation.report import plots
from tagger.evaluation.report.format import NOTHING, headline_figures, interval, number, size_text

READING = """
<p>Every interval is a 95 % bootstrap interval over <b>traces</b>. <b>Precision</b>: share of the
predicted positives that are correct; <b>recall</b>: share of the positives that are predicted;
<b>F1</b>: their harmonic mean. <b>micro-F1</b> is the share of steps predicted correctly, as each
step has one type; <b>macro-F1</b> the mean F1 over the types that occur. <b>κ</b>: agreement beyond
chance (Cohen). <b>Marker-free</b> steps are labelled verification and contain no word of any
keyword list; a list finds none of them. <b>Count bias</b>: predicted minus true count, summed over
traces, as a share of the true count; only labelled steps count. <b>ECE</b>: mean gap between
confidence and share of correct steps in 15 bins, weighted by steps; <i>refitted</i>: after a
temperature fitted on the other half of the questions.</p>
"""


def section(title: str, intro: str, *parts: str) -> str:
    """A framed part of a page; `intro` and `parts` are HTML."""
    note = f"<p>{intro}</p>" if intro else ""
    return f"<section><h2>{escape(title)}</h2>{note}{''.join(parts)}</section>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    inner = f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table>{inner}</table></div>'


def cell(figure: Mapping[str, Any] | None, digits: int = 3, *, percent: bool = False) -> str:
    """A figure with its interval below it; percentages carry their sign."""
    if figure is None:
        return NOTHING
    shown = number(figure["mean"], digits, percent=percent, sign=percent)
    span = interval(figure, digits, percent=percent, sign=percent)
    return f"{shown}<small>{span}</small>" if span else shown


def document(title: str, *parts: str) -> str:
    """A whole page around parts that are HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{PAGE_CSS}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def provenance_section(provenance: Mapping[str, Any], bootstrap: Mapping[str, Any]) -> str:
    """What is needed to reproduce the metrics."""
    rows = {**provenance, "bootstrap": bootstrap}
    command = rows.pop("command", None)
    shown = f'<pre class="code">{escape(command)}</pre>' if command else ""
    body = "".join(
        f"<tr><td>{escape(key.replace('_', ' '))}</td><td>{_plain(value)}</td></tr>"
        for key, value in rows.items()
    )
    listed = f'<div class="scroll"><table class="plain"><tbody>{body}</tbody></table></div>'
    return section("To reproduce this", "", shown, listed)


def evaluation_page(record: Mapping[str, Any]) -> str:
    """The page.

    Args:
        record: From `tagger.evaluation.figures.Evaluation.as_dict`, with ``provenance``.

    Returns:
        HTML; depends on nothing but the record.
    """
    provenance = record.get("provenance", {})
    fingerprint = str(provenance.get("tagger_fingerprint", ""))[:12]
    title = "Evaluation of a step tagger"
    counts = plots.count_plot(record)
    calibration = record["calibration"]
    return document(
        title,
        f"<h1>{title}</h1>",
        f'<p class="meta">{escape(size_text(record))} · tagger <code>{escape(fingerprint)}</code>'
        f" · {escape(str(provenance.get('date', '')))}</p>",
        f'<div class="tiles">{_tiles(record)}</div>',
        section("All metrics", "", _headline(record)),
        _verification(record),
        section("Each type", "", plots.f1_plot(record), _types(record)),
        section("Confusion", "", plots.confusion_plot(record)),
        section(
            "Calibration",
            f"ECE {number(record['ece']['mean'])} ({interval(record['ece'])}). The temperature that"
            f" would fit these steps best is {calibration['best_temperature']:.2f} times the"
            " tagger's own; 1 means that it is calibrated for them.",
            plots.reliability_plot(record),
        ),
        section(
            "Counts",
            "A reward counts steps: false negatives and false positives that cancel out do no harm,"
            f" a bias does. Types with fewer than {plots.ENOUGH} true steps are not shown.",
            counts,
            _counts(record),
        )
        if counts
        else "",
        section("How to read the metrics", "", READING),
        provenance_section(provenance, record["bootstrap"]),
        "<footer>Made by Suffice from evaluation.json, which holds every number shown here."
        "</footer>",
    )


def _tiles(record: Mapping[str, Any]) -> str:
    chosen = ("verification F1", "verification count bias", "micro-F1", "role macro-F1", "ECE")
    return "".join(
        f'<div class="tile"><span class="name">{escape(name)}</span><b>{value}</b>'
        f"<span>{span}</span></div>"
        for name, value, span in headline_figures(record)
        if name in chosen
    )


def _headline(record: Mapping[str, Any]) -> str:
    rows = [
        [escape(name), f"<b>{value}</b>", span] for name, value, span in headline_figures(record)
    ]
    return table(["", "", "95 % over traces"], rows)


def _verification(record: Mapping[str, Any]) -> str:
    check = record["verification"]
    if check is None:
        intro = f"Taxonomy {escape(record['taxonomy'])} has no verification type."
        return section("Verification", intro)
    predicted = record["counts"].get("verification", {}).get("predicted", {})
    rows = [["this tagger", *_ratios(check), cell(predicted.get("bias"), 1, percent=True)]]
    for name, row in record["keywords"].items():
        bias = cell(row["count_bias"], 1, percent=True)
        rows.append([escape(name), *_ratios(row), bias])
    again = record["second_label"]
    note = ""
    if again and "verification_f1" in again:
        note = (
            f'<p class="note">An independent second label of {again["steps"]} of these steps '
            f"agrees with the first with verification F1 "
            f"{number(again['verification_f1']['mean'])}, micro-F1 "
            f"{number(again['micro_f1']['mean'])}, κ {number(again['kappa']['mean'])}: no tagger "
            "can be distinguished from a perfect one beyond that.</p>"
        )
    silent = check["marker_free"]
    intro = (
        f"Of {silent['support']} verification steps without any keyword the tagger finds "
        f"{number(silent['recall']['mean'], 0, percent=True)}; keyword lists find none."
    )
    head = ["found by", "precision", "recall", "F1", "steps", "predicted", "count bias"]
    return section("Verification, against keywords", intro, table(head, rows), note)


def _types(record: Mapping[str, Any]) -> str:
    rows = [[escape(name), *_ratios(row)] for name, row in record["types"].items()]
    rows += [
        [f"<i>role: {escape(role)}</i>", *_ratios(row)]
        for role, row in record["roles"].items()
        if role != "macro_f1"
    ]
    return table(["type", "precision", "recall", "F1", "steps", "predicted"], rows)


def _counts(record: Mapping[str, Any]) -> str:
    rows = [
        [
            escape(name),
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
    return table(head, rows)


def _ratios(row: Mapping[str, Any]) -> list[str]:
    ratios = [cell(row[key]) for key in ("precision", "recall", "f1")]
    return [*ratios, str(row["support"]), str(row["predicted"])]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "<br>".join(f"{escape(str(k))}: {_plain(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return "<br>".join(_plain(v) for v in value)
    text = value if isinstance(value, str) else json.dumps(value)
    return f"<code>{escape(text)}</code>"
