"""Extending a sweep: what stays, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rl.sweep import extended
from rl.sweep.check import Checked
from rl.sweep.execution.tasks import tasks_of
from rl.sweep.extended import extend_sweep
from rl.sweep.folder import SweepFolder, begin, check_begun, open_sweep
from rl.sweep.planned import planned_runs
from rl.sweep.results import build_results
from tagger.errors import UserError
from tests.rl.sweep.making import WEIGHT, make_sweep, stand_in, values


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepFolder:
    """A sweep that is done; checks of runs, which load a model, are left out."""
    monkeypatch.setattr(extended, "check_sweep", lambda *_: Checked(None, 64, {}, {"new": 1}))  # type: ignore[arg-type]
    sweep = begin(tmp_path / "s", make_sweep(seeds=[0]), 64, None)
    _work(sweep)
    return sweep


def _work(sweep: SweepFolder) -> None:
    for task in tasks_of(sweep, planned_runs(sweep)):
        if task.folder(sweep).outcome() is None:
            stand_in(sweep.root, task.key)


def test_seeds_values_and_arms_are_added_and_what_is_done_stays(done: SweepFolder) -> None:
    before = {file: file.stat().st_mtime_ns for file in done.root.glob("*/*/done.json")}
    arms = {**values()["arms"], "more": {"vary": {WEIGHT: [0.2]}}}
    longer = make_sweep(seeds=[0, 1], vary={WEIGHT: [0.03, 0.06, 0.1]}, arms=arms)
    with pytest.raises(UserError, match=r"another value of vary.*, or add to this one with --ex"):
        check_begun(done.root, longer)
    sweep = extend_sweep(done.root, longer)
    assert open_sweep(done.root).config == longer and sweep.training_overlap == {"new": 1}
    assert json.loads((done.root / "sweep-1.json").read_text())["sweep"]["seeds"] == [0]
    assert len(planned_runs(sweep).runs) == 2 * 5
    _work(sweep)
    assert {file: file.stat().st_mtime_ns for file in before} == before
    results = build_results(sweep, planned_runs(sweep))
    assert results["complete"] and [len(s["seeds"]) for s in results["settings"]] == [2] * 5


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vary": {WEIGHT: [0.03]}}, "run 'step_count, weight 0.1' of seed 0 was begun"),
        ({"seeds": [1]}, "The run 'control' of seed 0 was begun"),
        ({"seed": 3}, "and seed differs from that of"),
        ({"train": {**values()["train"], "seed": 3}}, "and train.seed differs"),
        (
            {"arms": {"control": {"reward.terms": {"correctness": {"weight": 2.0}}, "vary": {}}}},
            "The run 'control' of seed 0 was begun",
        ),
    ],
)
def test_what_was_begun_must_stay(
    changes: dict[str, Any], sentence: str, done: SweepFolder
) -> None:
    before = (done.root / "sweep.json").read_text()
    with pytest.raises(UserError, match=sentence):
        extend_sweep(done.root, make_sweep(**({"seeds": [0, 1]} | changes)))
    assert (done.root / "sweep.json").read_text() == before


def test_runs_that_write_more_than_is_compared_are_refused(
    done: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extended, "check_sweep", lambda *_: Checked(None, 65, {}, {}))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="compared on up to 64 tokens, and a new run writes up to"):
        extend_sweep(done.root, make_sweep(seeds=[0, 1]))


def test_more_trials_of_tpe_keep_what_was_proposed(done: SweepFolder, tmp_path: Path) -> None:
    vary = {WEIGHT: {"log": [0.01, 0.3]}}
    sweep = begin(tmp_path / "t", make_sweep(method="tpe", trials=1, vary=vary), 64, None)
    _work(sweep)
    (first,) = (run.name for run in planned_runs(sweep).runs if run.arm == "step_count")
    with pytest.raises(UserError, match="What step_count varies differs"):
        extend_sweep(sweep.root, make_sweep(method="tpe", trials=2, vary={WEIGHT: [0.1, 0.2]}))
    longer = extend_sweep(sweep.root, make_sweep(method="tpe", trials=2, vary=vary))
    runs = [run.name for run in planned_runs(longer).runs if run.arm == "step_count"]
    assert len(runs) == 2 and runs[0] == first


def test_a_comparison_under_rules_is_made_anew_for_more_runs_of_control(
    done: SweepFolder, tmp_path: Path
) -> None:
    for folder in (done.comparison.root, tmp_path / "other"):
        folder.mkdir()
    extend_sweep(done.root, make_sweep(seeds=[0], vary={WEIGHT: [0.03, 0.06, 0.1]}))
    assert done.comparison.root.is_dir()
    extend_sweep(done.root, make_sweep(seeds=[0, 1], vary={WEIGHT: [0.03, 0.06, 0.1]}))
    assert not done.comparison.root.exists() and (done.root / "comparison-1").is_dir()
    assert (done.root / "sweep-2.json").is_file()
