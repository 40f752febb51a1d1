"""The report: complete, self-contained, true to the results."""

from __future__ import annotations

import copy
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from rl.analysis.results import build_results, write_results
from rl.analysis.schema import validate_results
from rl.report.curves import running_mean, window_of
from rl.report.page import page
from rl.report.style import number, signed, sort_types, type_colour
from rl.report.words import headline, selection_words
from rl.report.write import print_report, write_report
from tagger.display.svg import Axes, nice_ticks, place_labels
from tagger.errors import UserError
from tests.browser import beyond, needs_browser
from tests.rl.making import sample
from tests.rl.synthetic import PROVENANCE, make_arm, make_runs, make_selection, make_training

VOID = {"meta", "link", "br", "img", "hr", "input"}


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Results of a small synthetic comparison."""
    runs = make_runs(30, 2)
    return build_results(
        runs,
        seed=1,
        selection=make_selection(runs),
        training={**make_training(12), "stopped_early": "accuracy fell below its floor"},
        provenance=PROVENANCE,
    )


class Checker(HTMLParser):
    """Collects tags, what they link to, and elements that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.links += [v or "" for k, v in attrs if k in ("src", "href", "action", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag


def test_page_is_one_file_without_scripts_or_network(results: dict[str, Any]) -> None:
    html = page(results)
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert set(checker.links) == {"data:,"}
    assert "script" not in checker.tags
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", html)


def test_page_holds_what_the_issue_lists(results: dict[str, Any]) -> None:
    html = page(results)
    for heading in (
        "Accuracy against tokens", "Where the tokens go", "Learning curves", "Audit", "All arms",
        "First answer against final answer", "Example traces", "To reproduce this", "By difficulty",
    ):  # fmt: skip
        assert f"<h2>{heading}" in html
    assert html.count("<svg") == 6
    for claim in results["claims"]:
        assert claim["text"].split(",")[0].replace("'", "&#39;") in html
    assert "ab" * 32 in html and "0" * 40 in html
    assert "The run stopped itself: accuracy fell below its floor" in html
    assert "reads the reference" in html
    assert html.count('class="trace"') == 6


def test_figures_shown_are_those_of_the_results(results: dict[str, Any]) -> None:
    html = page(results)
    for name in ("base", "trained", "monitored_count_1"):
        accuracy = results["arms"][name]["accuracy"]
        shown = f"{accuracy['mean'] * 100:.1f}<small>{accuracy['low'] * 100:.1f} to"
        assert shown in html


def test_text_of_a_model_cannot_break_the_page() -> None:
    evil = "</pre><script>alert(1)</script><b>"
    rows = [
        sample(f"{evil}{i}", question=evil, answer=evil, text=evil, reference=evil, band=evil)
        for i in range(3)
    ]
    run = make_arm("base", 3, 1, None)
    run = type(run)("base", "base", "free", "base", rows)
    out = build_results([run], seed=0, selection=None, training=None, provenance=PROVENANCE)
    html = page(out)
    assert "<script>" not in html
    checker = Checker()
    checker.feed(html)
    assert checker.open == []


def test_report_is_written_once(results: dict[str, Any], tmp_path: Path) -> None:
    write_results(tmp_path / "results.json", results)
    file = write_report(tmp_path)
    assert file == tmp_path / "report.html"
    with pytest.raises(UserError, match="exists already"):
        write_report(tmp_path)
    other = write_report(tmp_path / "results.json", tmp_path / "other.html")
    assert other.read_text(encoding="utf-8") == file.read_text(encoding="utf-8")
    assert write_report(tmp_path, replace=True) == file
    root = ET.fromstring((tmp_path / "frontier.svg").read_text(encoding="utf-8"))
    assert root.tag.endswith("svg")


def test_report_needs_results(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"results\.json does not exist"):
        write_report(tmp_path)


def test_terminal_table(results: dict[str, Any]) -> None:
    from rich.console import Console

    text = io.StringIO()
    print_report(results, Console(file=text, width=120))
    printed = text.getvalue()
    trained = results["arms"]["trained"]
    row = next(line for line in printed.splitlines() if line.startswith("trained "))
    assert f"{trained['accuracy']['mean'] * 100:.1f} ±" in row
    assert number(trained["tokens"]["mean"], 1) in row
    for band in ("easy", "medium", "hard"):
        assert f"{band} (10 problems)" in printed
    assert printed.count("✓") + printed.count("✗") + printed.count("? ") >= len(results["claims"])


def test_warnings_and_unfinished_shares_are_shown(results: dict[str, Any]) -> None:
    from rich.console import Console

    r = copy.deepcopy(results)
    r["warnings"] = [{"name": "no_signal", "arm": "base", "text": "base: no signal, [cut] <off>."}]
    r["arms"]["base"]["finished"]["mean"] = 0.25
    text = io.StringIO()
    print_report(r, Console(file=text, width=140))
    assert "WARNING base: no signal, [cut] <off>." in text.getvalue()
    assert " unfinished " in text.getvalue()
    row = next(line for line in text.getvalue().splitlines() if line.startswith("base "))
    assert " 75.0 % " in row
    assert "base: no signal, [cut] &lt;off&gt;." in page(r)


def test_rules_of_which_no_threshold_kept_the_accuracy_are_told(results: dict[str, Any]) -> None:
    lost = " (none kept the accuracy; this was the most accurate)"
    assert lost not in selection_words(results)
    r = copy.deepcopy(results)
    r["selection"]["overall_kept_accuracy"] = False
    r["selection"]["policies"]["trained"]["overall_kept_accuracy"] = False
    text = selection_words(r)
    assert f"by the same measure: {r['arms']['monitored']['label']}{lost}." in text
    assert text.endswith(f"by the same rule: trained: trained + monitored{lost}.")
    for label in (
        "trained + monitored (run, limit 2)",
        "trained, run, limit 2",
    ):  # alone, of a grid
        r["arms"]["trained_monitored"]["label"] = label
        assert selection_words(r).endswith(f"by the same rule: trained: run, limit 2{lost}.")


def test_headline_says_of_how_many_stops_the_interval_tells(results: dict[str, Any]) -> None:
    r = copy.deepcopy(results)
    frontier = r["frontier"]["base"]["trained"]
    frontier["above_all"] = True
    rows = [{"as_cheap": True, "above_for_sure": sure} for sure in (True, False, True)]
    frontier["points"] = {"a": rows[0], "b": rows[2], "dear": rows[1] | {"as_cheap": False}}
    said = "It is above every monitored stop that gets by with as few tokens"
    assert f"{said}." in headline(r)
    frontier["points"] = {"a": rows[0], "b": rows[1]}
    assert f"{said}, 1 of 2 by the whole interval." in headline(r)
    frontier["points"] = {"b": rows[1]}
    assert f"{said}, none of 1 by the whole interval." in headline(r)


def test_results_of_an_earlier_version_are_drawn(results: dict[str, Any]) -> None:
    from rich.console import Console

    r = copy.deepcopy(results)
    del r["warnings"], r["problems"]["overlaps"]
    for arm in r["arms"].values():
        del arm["outcomes"], arm["lengths"]
    for claim in r["claims"]:
        del claim["reason"]
    validate_results(r)
    assert "What holds" in page(r) and 'p class="warning"' not in page(r)
    print_report(r, Console(file=io.StringIO(), width=140))


def test_single_arm_report() -> None:
    runs = [make_arm("base", 6, 1, None)]
    out = build_results(runs, seed=0, selection=None, training=None, provenance=PROVENANCE)
    html = page(out)
    assert "What holds" not in html and "Learning curves" not in html
    assert "Accuracy against tokens" in html


def test_light_imports() -> None:
    code = (
        "import sys, rl.report; heavy = {'torch', 'transformers', 'trl', 'matplotlib', 'sklearn',"
        " 'pandas', 'reasoning_gym'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_number_formats() -> None:
    assert number(1234567.0) == "1\u202f234\u202f567"
    assert (number(73.44), number(3.347), number(None)) == ("73.4", "3.35", "–")
    assert (number(0.0012), number(-0.00987), number(0.0)) == ("0.0012", "−0.0099", "0.00")
    assert (number(1e-9), number(-0.0), number(-0.04, 1)) == ("0.000000", "0.00", "0.0")
    assert (signed(-1.25), signed(0.04), signed(-0.04)) == ("−1.2", "0.0", "0.0")
    assert signed(12.3, 0, " %") == "+12 %"


def test_types_have_fixed_colours_and_checks_come_last() -> None:
    assert type_colour("VERIFY") == type_colour("Verification / Sanity Check")
    assert type_colour("VERIFY") != type_colour("CONCLUDE")
    ours = {"Verification / Sanity Check", "Other", "Heuristics / Intuition"}
    assert sort_types(ours)[-1] == "Verification / Sanity Check"


def test_ticks_are_round_and_inside() -> None:
    assert nice_ticks(0, 156, 7) == [0, 25, 50, 75, 100, 125, 150]
    assert nice_ticks(71.2, 97.9, 6) == [75, 80, 85, 90, 95]
    assert nice_ticks(3, 3) == [3]


def test_labels_keep_clear_of_marks() -> None:
    area = Axes(0, 0, 400, 300, (0, 1), (0, 1))
    marks = [(100.0, 100.0, "one", 12.0), (112.0, 100.0, "two", 12.0)]
    for (x, y, anchor), (_, _, words, size) in zip(place_labels(marks, area), marks, strict=True):
        width = len(words) * size * 0.56
        left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
        for mark_x, mark_y, _, _ in marks:
            beside = left > mark_x + 5 or left + width < mark_x - 5
            assert beside or y < mark_y - 5 or y - size > mark_y + 5


def test_running_mean() -> None:
    assert [window_of(n) for n in (0, 2, 5, 9, 14, 26, 27, 300)] == [1, 1, 1, 3, 3, 7, 9, 9]
    assert running_mean([1, 2, 3, 4], 3) == [1.5, 2, 3, 3.5]
    assert running_mean([1, 2, 9, 4, 5]) == [1, 2, 9, 4, 5], "five steps are not made one flat line"
    assert running_mean([1, 2, 3] * 3)[4] == 2 and running_mean([1, 2, 3] * 3)[0] == 1.5
    assert running_mean(range(40))[0] == 2.0 and running_mean(range(40))[20] == 20.0


@needs_browser
@pytest.mark.parametrize("width", [420, 1200])
def test_page_fits_a_window(width: int, results: dict[str, Any], tmp_path: Path) -> None:
    html = page(results)
    assert beyond(html, width, tmp_path) == []
    assert html.count('<div class="scroll"><svg') == html.count("<svg"), "else unreadably small"
