"""Control under the rules of a sweep: which runs, and settings above its stops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rl.comparison.config import compare_config
from rl.evaluation.samples import read_samples, write_samples
from rl.sweep.compared import comparison_values
from rl.sweep.execution.tasks import COMPARISON, Task, tasks_of
from rl.sweep.folder import SweepFolder, begin
from rl.sweep.planned import planned_runs
from rl.sweep.planning.runs import base_run
from rl.sweep.planning.schedule import Schedule
from rl.sweep.report.page import page
from rl.sweep.settings.config import sweep_config
from rl.sweep.stops import compared_with_rules, named_controls
from rl.sweep.sweep import finish
from rl.sweep.table import print_sweep, settings_csv
from tagger.files import write_json
from tests.rl.sweep.making import make_sweep, stand_in, values

RULES = {"count": {"types": ["VERIFY"], "limit": [1]}}


def _compare(**changes: Any) -> dict[str, Any]:
    return {"compare": {**values()["compare"], "rules": RULES, **changes}}


def _comparison(sweep: SweepFolder, plan: Schedule) -> list[Task]:
    return [task for task in tasks_of(sweep, plan) if task.key == COMPARISON]


def test_the_comparison_waits_for_every_run_of_control(tmp_path: Path) -> None:
    sweep = begin(tmp_path / "s", make_sweep(seeds=[0, 1], **_compare()), 64, None)
    plan = planned_runs(sweep)
    (task,) = _comparison(sweep, plan)
    controls = [f"runs/{run.name}" for run in plan.runs if run.arm == "control"]
    assert task.after == ("references/base", *controls) and len(controls) == 2
    sweep.run(plan.runs[0].name).fail("no memory", 1)
    assert _comparison(sweep, plan)[0].after == ("references/base", controls[1])
    sweep.run(next(r.name for r in plan.runs if f"runs/{r.name}" == controls[1])).fail("none", 1)
    assert _comparison(sweep, plan)[0].after == ("references/base", *controls)  # never


def test_the_comparison_is_no_task_until_all_runs_of_control_are_known(tmp_path: Path) -> None:
    config = make_sweep(seeds=[0, 1], more_seeds_within=0.1, **_compare())
    sweep = begin(tmp_path / "s", config, 64, None)
    assert not planned_runs(sweep).complete and not _comparison(sweep, planned_runs(sweep))
    for run in planned_runs(sweep).runs:
        stand_in(sweep.root, f"runs/{run.name}")
    assert planned_runs(sweep).complete and len(_comparison(sweep, planned_runs(sweep))) == 1


def test_base_and_control_run_under_all_rules_the_runs_of_control_pooled(tmp_path: Path) -> None:
    config = make_sweep(seeds=[0, 1], **_compare())
    own = comparison_values(config, base_run(config), 64)
    names = named_controls(planned_runs(begin(tmp_path / "s", config, 64, None)).runs[:2])
    assert list(names) == ["control", "control_1"]
    models = {name: {"model": f"runs/{name}"} for name in names}
    found = compare_config(compared_with_rules(own, models))
    assert found.with_grid == ["base", "control"] and found.pooled == {"control": ["control_1"]}
    assert found.runs_of("control") == ["control", "control_1"] and not found.oracle
    alone = compare_config(compared_with_rules(own, {}))
    assert alone.with_grid == ["base"] and not alone.pooled
    said = compared_with_rules({**own, "oracle": True, "grid_policies": ["base"]}, models)
    assert compare_config(said).with_grid == ["base"] and compare_config(said).oracle


def _with_stops(root: Path) -> SweepFolder:
    """A sweep of two seeds that is done, with control under one rule: half the tokens."""
    sweep = begin(root, make_sweep(seeds=[0, 1], **_compare()), 64, None)
    plan = planned_runs(sweep)
    for task in tasks_of(sweep, plan):
        if task.key != COMPARISON:
            stand_in(sweep.root, task.key)
    controls = named_controls([run for run in plan.runs if run.arm == "control"])
    compared = sweep.comparison.root / "compared"
    for name, run in controls.items():
        rows = read_samples(sweep.run(run.name).samples("test"))
        file = compared / "samples" / "test" / f"{name}_monitored_count_1.jsonl.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        stopped = [replace(r, tokens=r.tokens // 2, correct=False) for r in rows]
        write_samples(file, stopped)
    stop = {
        "policy": "control", "kind": "grid", "label": "control, count, limit 1",
        "tokens": {"mean": 35.0, "high": 40.0}, "accuracy": {"mean": 0.0, "low": 0.0, "high": 0.1},
    }  # fmt: skip
    write_json(compared / "results.json", {"arms": {"control_monitored_count_1": stop}})
    named = {name: run.name for name, run in controls.items()}
    write_json(sweep.comparison.done, {"arms": [], "controls": named})
    return sweep


def test_settings_are_held_against_mixtures_of_controls_stops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = _with_stops(tmp_path / "s")
    results = finish(sweep, planned_runs(sweep))
    of = {one["label"]: one["above_monitored"] for one in results["settings"]}
    assert of["control"] is None
    # With 10 % fewer tokens, between control and its stop at half of them, which is never correct.
    found = of["step_count, weight 0.1"]
    share = found["mixture"]["control_monitored_count_1"]
    assert share == pytest.approx(0.2, abs=0.01) and found["seeds"] == [0, 1]
    control = next(one for one in results["settings"] if one["name"] == results["control"])
    assert found["accuracy"]["mean"] == pytest.approx(share * control["accuracy"]["mean"], abs=1e-4)
    text = page(results)
    assert (
        "Against control under rules, at equal tokens" in text
        and "% control, count, limit 1" in text
    )
    print_sweep(results)
    assert "above the best mixture of control's stops" in " ".join(capsys.readouterr().out.split())
    assert "above_monitored_low" in settings_csv(results)


def test_a_comparison_of_an_earlier_version_holds_no_setting_against_stops(tmp_path: Path) -> None:
    sweep = _with_stops(tmp_path / "s")
    write_json(sweep.comparison.done, {"arms": []})
    results = finish(sweep, planned_runs(sweep))
    assert all(one["above_monitored"] is None for one in results["settings"])
    assert "Against control under rules" not in page(results)


def test_sweeps_without_rules_have_no_comparison(tmp_path: Path) -> None:
    sweep = begin(tmp_path / "s", sweep_config(values()), 64, None)
    assert not _comparison(sweep, planned_runs(sweep))
