"""The main picture: stops that ruin a policy do not press the others into a strip."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from rl.analysis.results import build_results
from rl.report.frontier import frontier_plot
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
