"""Table and page: every figure is there, the page stands alone, pictures are well formed."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import pytest
from rich.console import Console

from tagger.evaluation import evaluate
from tagger.evaluation.report.format import interval, number
from tagger.evaluation.report.page import evaluation_page
from tagger.evaluation.report.terminal import evaluation_view
from tagger.taxonomies.taxonomy import StepType, Taxonomy
from tests.tagger.evaluation.scripted import Scripted
from tests.tagger.evaluation.test_evaluate import TABLE, small


def a_record() -> dict[str, object]:
    record = evaluate(Scripted(TABLE), small(), resamples=20).as_dict()
    return record | {"provenance": {"tagger_fingerprint": "f" * 64, "command": "suffice <x>"}}


def printed(record: dict[str, object], width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(evaluation_view(record))
    return out.getvalue()


def test_evaluation_report_table_fits_eighty_columns() -> None:
    text = printed(a_record())
    assert max(map(len, text.splitlines())) <= 80
    assert "2 traces, 8 labelled steps, taxonomy abc" in text
    row = next(line for line in text.splitlines() if line.startswith("VERIFY"))
    assert row.split()[1:4] == ["0.500", "0.500", "0.500"]
    assert re.search(r"ARLCP's 13 words +1\.000 +0\.500 +0\.667", text)


def test_evaluation_report_page_is_self_contained() -> None:
    page = evaluation_page(a_record())
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "<script" not in page
    assert "suffice &lt;x&gt;" in page and "<x>" not in page
    pictures = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(pictures) == 3, "types, confusions, reliability; too few steps to draw counts"
    for picture in pictures:
        ET.fromstring(picture)


def test_evaluation_report_plots_counts_with_enough_steps() -> None:
    rows = [t for _ in range(10) for t in small()]
    record = evaluate(Scripted(TABLE), rows, resamples=20).as_dict()
    page = evaluation_page(record | {"provenance": {}})
    assert "Bias of counts by type" in page


def test_evaluation_report_taxonomy_without_verification() -> None:
    plain = Taxonomy("plain", tuple(StepType(n, n.upper(), "other", "") for n in "ab"))
    renamed = [type(t)(t.id, t.question, t.steps, dict.fromkeys(t.labels, "a")) for t in small()]
    record = evaluate(Scripted({}, plain, [0.4, 0.6]), renamed, resamples=5).as_dict()
    assert record["verification"] is None and record["count_bias"] is None
    assert "no verification type" in evaluation_page(record | {"provenance": {}})
    assert "verification by" not in printed(record)


@pytest.mark.parametrize(
    ("value", "how", "text"),
    [
        (0.12345, {}, "0.123"),
        (None, {}, "–"),
        (-0.5, {"digits": 1, "percent": True, "sign": True}, "−50.0 %"),
        (0.19, {"digits": 0, "percent": True, "sign": True}, "+19 %"),
        (-0.0001, {"digits": 2, "sign": True}, "0.00"),
    ],
)
def test_evaluation_report_numbers(value: float | None, how: dict[str, object], text: str) -> None:
    assert number(value, **how) == text  # type: ignore[arg-type]


def test_evaluation_report_intervals() -> None:
    assert interval({"mean": 0, "low": -0.1, "high": 0.2}, 0, percent=True) == "−10 to 20 %"
    assert interval({"mean": 0.5, "low": None, "high": None}) == ""
