"""Transfer tables and curves as shown: they fit, they stand alone, and gaps are gaps."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from typing import Any

from rich.console import Console

from tagger.evaluation.report.tables import (
    curve_page,
    curve_plot,
    curve_view,
    transfer_page,
    transfer_view,
)

NAMES = [f"a_source_with_a_long_name_{i}" for i in range(6)]


def figure(mean: float) -> dict[str, float]:
    return {"mean": mean, "low": mean - 0.05, "high": mean + 0.05}


def a_transfer() -> dict[str, Any]:
    cells = [
        {
            "trained": a, "tested": b, "taxonomy": "reasontype", "training_steps": 100, "steps": 90,
            "micro_f1": figure(0.61), "verification_f1": None if b == NAMES[2] else figure(0.72),
        }
        for a in [*NAMES, "all others"]
        for b in NAMES
        if not (a == "all others" and b == NAMES[0])
    ]  # fmt: skip
    return {
        "by": "source", "backend": "linear", "folds": 2, "cells": cells,
        "left_out": {"<small>": 12}, "bootstrap": {}, "provenance": {"command": "suffice"},
    }  # fmt: skip


def a_curve() -> dict[str, Any]:
    def point(size: int, f1: float | None) -> dict[str, Any]:
        run = {"seed": 0, "steps": size, "traces": 9, "micro_f1": 0.5, "verification_f1": f1}
        check = None if f1 is None else figure(f1)
        runs = [run, run | {"seed": 1, "micro_f1": 0.55}]
        return {"size": size, "micro_f1": figure(0.5), "verification_f1": check, "runs": runs}

    return {
        "backend": "linear", "points": [point(100, 0.6), point(400, 0.7)],
        "bootstrap": {}, "provenance": {}, "bare": [point(100, None)],
    }  # fmt: skip


def printed(view: Any) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=80).print(view)
    return out.getvalue().splitlines()


def test_report_tables_fit_six_sources_in_eighty_columns() -> None:
    lines = printed(transfer_view(a_transfer()))
    assert max(map(len, lines)) <= 80
    first = next(line for line in lines if line.startswith(" 1 "))
    assert first.split() == ["1", "0.72", "0.72", "–", "0.72", "0.72", "0.72"]
    assert "0.67–0.77" in lines[lines.index(first) + 1]
    assert sum("all others" in line for line in lines) == 2


def test_report_tables_caution_where_taxonomies_differ() -> None:
    record = a_transfer()
    assert "coarser" not in transfer_page(record) + "".join(printed(transfer_view(record)))
    record["cells"][0]["taxonomy"] = "venhoff"
    assert "coarser" in transfer_page(record)
    assert "coarser" in "".join(printed(transfer_view(record)))


def test_report_tables_transfer_page() -> None:
    page = transfer_page(a_transfer())
    assert "&lt;small&gt; (12)" in page and "<small>:" not in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert page.count("font-weight:650") >= 5, "own cells stand out"


def test_report_tables_curve_with_and_without_verification() -> None:
    record = a_curve()
    assert max(map(len, printed(curve_view(record)))) <= 80
    assert curve_plot(record).count("<path") == 2
    bare = record | {"points": record["bare"]}
    assert curve_plot(bare).count("<path") == 1
    ET.fromstring(curve_plot(bare))
    assert "–" in "".join(printed(curve_view(bare)))
    assert "<svg" in curve_page(record)


def test_report_tables_escape_names_from_files() -> None:
    record = a_transfer()
    for cell in record["cells"]:
        for side in ("trained", "tested"):
            cell[side] = cell[side].replace("all others", "all [/others]").replace("_0", "[/0]")
    out = io.StringIO()
    Console(file=out, width=80).print(transfer_view(record))
    assert "a_source_with_a_long_name[/0]" in out.getvalue()
    assert "all [/others]" in out.getvalue()
