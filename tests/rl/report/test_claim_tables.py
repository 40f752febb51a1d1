"""Tables on tests, power and calibrated rules."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from rl.analysis.results import build_results
from rl.report.benchmark_tables import calibrated_table
from rl.report.claim_tables import hypotheses_table, p_shown, power_table
from rl.report.tables import arms_table
from rl.report.words import headline, tiles, uncorrected
from tests.rl.synthetic import PROVENANCE, make_runs, make_selection


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Base with a grid, and trained."""
    kept = ("base", "monitored_count_3", "trained")
    runs = [run for run in make_runs(24, 2) if run.name in kept]
    return build_results(
        runs, seed=1, selection=make_selection(runs), training=None, provenance=PROVENANCE
    )


def shown(cell: Any) -> str:
    return cell if isinstance(cell, str) else cell.text


def test_hypotheses_table_lists_both_p_values(
    results: dict[str, Any],
) -> None:
    tests = [claim["test"] for claim in results["claims"] if claim["test"]]
    table = hypotheses_table(results)
    assert table is not None and len(table.rows) == len(tests) > 2
    assert table.head[-1] == f"at 2.5 % for all {len(tests)}"
    cells = [shown(cell) for cell in table.rows[0].cells]
    assert cells[2:5] == ["not fewer tokens", p_shown(tests[0]["p"]), p_shown(tests[0]["p_holm"])]
    assert [p_shown(p) for p in (0.0, 0.0123, 0.7)] == ["< 0.0001", "0.0123", "0.70"]
    assert hypotheses_table({"claims": [{"name": "audit"}]}) is None  # of an earlier version


def test_a_claim_that_holds_alone_says_that_it_does_not_among_so_many() -> None:
    test = {"p": 0.02, "p_holm": 0.06, "rejected": False}
    said = uncorrected({"holds": True, "test": test})
    assert said.endswith("(p = 0.060, level 0.025).")
    assert uncorrected({"holds": True, "test": test | {"rejected": True}}) == ""
    assert uncorrected({"holds": False, "test": test}) == uncorrected({"holds": True}) == ""


def test_power_table_has_a_row_for_each_claimed_pair(results: dict[str, Any]) -> None:
    table = power_table(results)
    assert table is not None and [shown(row.cells[0]) for row in table.rows] == [
        "trained against base"
    ]
    assert table.head[-1] == "power of these 24 problems, %"
    old = {key: value for key, value in results.items() if key != "margin"}
    assert power_table(old) is None


def test_power_table_has_no_number_for_arms_that_never_differ(results: dict[str, Any]) -> None:
    pair = results["paired"]["trained_vs_base"]
    still = {**pair["variance"], "between": 0.0, "within": 0.0, "between_runs": None}
    paired = {**results["paired"], "trained_vs_base": {**pair, "variance": still}}
    table = power_table({**results, "paired": paired})
    assert table is not None
    assert [shown(cell) for cell in table.rows[0].cells[-3:]] == ["–"] * 3


def test_calibrated_table_has_each_rule_at_its_threshold(results: dict[str, Any]) -> None:
    table = calibrated_table(results)
    assert table is not None and len(table.rows) == 1
    row = [shown(cell) for cell in table.rows[0].cells]
    accuracy = results["arms"]["monitored_count_3"]["accuracy"]["mean"] * 100
    assert row[:3] == ["base", "count, 3", f"{accuracy:.1f}"]
    assert table.head.count("against base, points") == 1
    alone = results | {"selection": {**results["selection"], "policies": {}}}
    short = calibrated_table(alone)
    assert short is not None and len(short.head) == len(table.head) - 2
    assert calibrated_table(results | {"selection": None}) is None


def test_headline_leaves_baselines_to_the_tables(results: dict[str, Any]) -> None:
    guided = results | {
        "policies": [*results["policies"], {**results["policies"][1], "name": "prompt_guided"}],
        "baselines": ["prompt_guided"],
    }
    assert headline(guided) == headline(results)
    assert tiles(guided) == tiles(results)


def test_times_have_a_column_only_where_an_arm_has_times(results: dict[str, Any]) -> None:
    assert arms_table(results).head[-1] == "time per answer, ms"
    drafted = copy.deepcopy(results)
    for arm in drafted["arms"].values():
        arm["cost"] = {"side_by_side": 1, "drafts": True}
    table = arms_table(drafted)
    assert table.head[-1] == "not finished, %"
    wide = [row for row in table.rows if row.kind != "group"]
    assert {len(row.cells) for row in wide} == {len(table.head)}
