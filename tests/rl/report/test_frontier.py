"""The main picture: stops that ruin a policy do not press the others into a strip."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from rl.analysis.results import build_results
from rl.report.bars import type_bars
from rl.report.curves import flips_plot
from rl.report.frontier import band_frontiers, frontier_plot
from rl.report.style import RULE_LOOK
from tagger.display.svg import Drawing
from tests.rl.synthetic import PROVENANCE, make_runs, make_selection


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Results of a small synthetic comparison."""
    runs = make_runs(30, 2)
    return build_results(
        runs, seed=1, selection=make_selection(runs), training=None, provenance=PROVENANCE
    )


def _percents(drawing: str) -> list[float]:
    """The ticks of the accuracy axis."""
    return [float(found) for found in re.findall(r">([\d.]+) %</text>", drawing)]


def _with_accuracy(results: dict[str, Any], mean: float) -> dict[str, Any]:
    """The results with one monitored point of base at such an accuracy."""
    changed = copy.deepcopy(results)
    name = next(n for n, arm in changed["arms"].items() if arm["kind"] == "grid")
    changed["arms"][name]["accuracy"] = {"mean": mean, "low": mean - 0.05, "high": mean + 0.05}
    return changed


def test_a_ruined_point_stands_at_the_edge_with_its_figure(results: dict[str, Any]) -> None:
    usual = frontier_plot(results)
    ruined = frontier_plot(_with_accuracy(results, 0.123))
    assert "↓" not in usual
    assert "↓ 12 %" in ruined
    assert "points below it" in ruined
    assert min(_percents(ruined)) > 12.3


def test_a_point_within_the_range_has_no_figure(results: dict[str, Any]) -> None:
    best = max(arm["accuracy"]["mean"] for arm in results["arms"].values())
    drawing = frontier_plot(_with_accuracy(results, best * 0.8))
    assert "↓" not in drawing


def test_an_axis_from_zero_is_not_called_cut(results: dict[str, Any]) -> None:
    low = copy.deepcopy(results)
    for arm in low["arms"].values():
        if arm["kind"] != "grid":
            arm["accuracy"] = {**arm["accuracy"], "low": 0.0}
    assert "axis is cut" in frontier_plot(results)
    assert "axis is cut" not in frontier_plot(low)


def test_whiskers_end_at_the_edge_of_their_picture(results: dict[str, Any]) -> None:
    wide = copy.deepcopy(results)
    for arm in wide["arms"].values():
        for m in (arm, *arm["bands"].values()):
            m["tokens"] = {**m["tokens"], "high": 10 * m["tokens"]["mean"]}
    ends = re.findall(r'<line x1="[\d.]+" y1="[\d.]+" x2="([\d.]+)"', frontier_plot(wide))
    assert max(map(float, ends)) <= 62 + 796
    bands = band_frontiers(wide)
    ends = re.findall(r'<line x1="[\d.]+" y1="[\d.]+" x2="([\d.]+)"', bands)
    assert max(map(float, ends)) <= 880


@pytest.mark.parametrize("drawn", [flips_plot, type_bars])
def test_names_of_arms_are_not_cut_off(drawn: Any, results: dict[str, Any]) -> None:
    long = copy.deepcopy(results)
    long["arms"] = {
        name.replace("trained", "plain_length_twin"): {
            **arm, "policy": arm["policy"].replace("trained", "plain_length_twin"),
        }
        for name, arm in long["arms"].items()
    }  # fmt: skip
    long["policies"] = [
        {**p, "name": p["name"].replace("trained", "plain_length_twin")} for p in long["policies"]
    ]
    drawing = drawn(long)
    ends = re.findall(r'<text x="([\d.]+)"[^>]*"end"[^>]*>([a-z_]+ \+ monitored)</text>', drawing)
    assert ends and {name for _, name in ends} == {"plain_length_twin + monitored"}
    # DejaVu Sans, the widest of the fonts, takes 6.8 pixels a letter at 12.5.
    assert all(float(x) >= 6.8 * len(name) for x, name in ends), ends
    width = max(float(x) for x in re.findall(r'x[12]?="([\d.]+)"', drawing))
    assert width <= 880


def test_rules_have_marks_of_their_own() -> None:
    outlines = set()
    for shape, colour in RULE_LOOK:
        drawing = Drawing(20, 20, "mark")
        drawing.mark(shape, 10, 10, 5, "black")
        outlines.add(drawing.svg())
        assert colour.startswith("var(--rule")
    assert len(outlines) == len(RULE_LOOK)
