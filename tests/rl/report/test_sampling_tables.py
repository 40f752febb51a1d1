"""What a report says of sampling: settings with their sources, and the engine's cost."""

from __future__ import annotations

from dataclasses import replace

from rl.analysis.results import build_results
from rl.report.page import page
from rl.report.sampling_tables import cost_table, settings_table
from tests.rl.synthetic import PROVENANCE, make_runs

COST = {
    "prompt_tokens": 600,
    "reread_tokens": 0,
    "generated_tokens": 9000,
    "forced_tokens": 30,
    "seconds": 4.5,
}


def test_tables_show_cost_and_settings_where_results_have_them() -> None:
    first, *others = make_runs(6, 1)
    settings = [
        {"key": "temperature", "value": 0.6, "source": "generation_config of m"},
        {"key": "max_batch_tokens", "value": None, "source": "half of the free memory"},
    ]
    results = build_results(
        [replace(first, cost=COST), *others],
        seed=1,
        selection=None,
        training=None,
        provenance=PROVENANCE,
        settings=settings,
    )
    costs = cost_table(results)
    assert costs is not None
    (row,) = costs.body
    assert [str(getattr(c, "text", c)) for c in row.cells[1:]] == [
        "600", "0", "9\u202f000", "30", "4.5", "2\u202f000",
    ]  # fmt: skip
    assert [r.cells for r in settings_table(results).body] == [
        ["temperature", "0.6", "generation_config of m"],
        ["max_batch_tokens", "–", "half of the free memory"],
    ]
    assert getattr(row.cells[0], "note", "") == ""
    pooled = cost_table(results | {"pooled": {"base": [{}, {}, {}]}})  # whose costs are added up
    assert pooled is not None
    assert getattr(pooled.body[0].cells[0], "note", "") == "3 training runs in all"
    shown = page(results)
    assert "What the engine spent on each arm" in shown and "generation_config of m" in shown


def test_tables_of_earlier_results_are_empty() -> None:
    runs = make_runs(6, 1)
    results = build_results(runs, seed=1, selection=None, training=None, provenance=PROVENANCE)
    for arm in results["arms"].values():
        del arm["cost"]
    assert cost_table(results) is None and "settings" not in results
    assert "What the engine spent" not in page(results)
