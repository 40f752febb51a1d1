"""Arms under rules with their free arm's completions as drafts: the same samples, without times."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.analysis.estimates import measure, paired
from rl.analysis.panels import make_panel
from rl.comparison import run
from rl.comparison.arms import ArmRunner
from rl.comparison.config import compare_config
from rl.comparison.jobs import Job, follows, grid_job, grouped, independent_jobs, oracle_job
from rl.comparison.workers import _submit, run_jobs
from rl.report.tables import has_times
from tagger.errors import UserError
from tests.rl.making import sample
from tests.world import World


def runner(world: World, folder: Path, drafts: bool) -> ArmRunner:
    """One rule, few tokens."""
    settings: dict[str, Any] = {
        "base": str(world.model),
        "tagger": str(world.tagger),
        "problems": {"source": str(world.problems), "size": 4},
        "calibration": {"source": str(world.problems), "size": 1, "seed": 1},
        "samples": 2,
        "max_new_tokens": 24,
        "rules": {"token_budget": {"limit": [9, 23, 30]}},
        "drafts": drafts,
    }
    made = ArmRunner(compare_config(settings), folder)
    made.derive()
    return made


def test_an_arm_with_drafts_has_the_samples_of_one_without_but_no_times(
    world: World, tmp_path: Path
) -> None:
    plain, drafted = (runner(world, tmp_path / str(kind), kind) for kind in (False, True))
    jobs = [grid_job("base", "test", point) for point in plain.config.grid()]
    ones, twos = (run_jobs(made, jobs) for made in (plain, drafted))
    assert list(ones) == list(twos) == [job.key for job in jobs]
    assert any(s.stop_reason for s in ones[jobs[0].key])
    assert not any(s.stop_reason for s in ones[jobs[2].key])
    for other in jobs[1:]:
        timeless = [replace(s, seconds=None, monitor_seconds=None) for s in ones[other.key]]
        assert timeless == twos[other.key]
    job = jobs[0]
    one, two = ones[job.key], twos[job.key]
    assert [replace(s, seconds=0, monitor_seconds=0) for s in one] == [
        replace(s, seconds=0, monitor_seconds=0) for s in two
    ]
    assert {(s.seconds, s.monitor_seconds) for s in two} == {(None, None)}
    assert set(drafted.origins) == {"test/base", *ones} and set(plain.origins) == set(ones)
    assert all((s.seconds or 0) > 0 for s in drafted.run(Job("base", "base", "test")))
    costs = [
        json.loads((tmp_path / str(kind) / f"samples/{job.key}.cost.json").read_text())
        for kind in (False, True)
    ]
    assert costs[0].pop("seconds") > 0 and costs[1].pop("seconds") is None
    assert costs[1] == {**costs[0], "drafts": True}
    cost = drafted.cost([job])
    assert cost is not None and not has_times({"cost": cost})
    assert has_times({"cost": plain.cost([job])})
    with pytest.raises(UserError, match="made with other settings"):
        runner(world, tmp_path / "False", True).is_done(job)


def test_arms_that_read_the_same_drafts_are_brought_together() -> None:
    config = compare_config({"rules": {"token_budget": {"limit": [5, 7, 9]}}, "oracle": False})
    jobs = independent_jobs(config)
    assert grouped(jobs, config, 2) == [[job] for job in jobs]
    config = replace(config, drafts=True)
    names = [[job.key for job in group] for group in grouped(jobs, config, 2)]
    five, seven, nine = (f"monitored_token_budget_{limit}" for limit in (5, 7, 9))
    assert names == [
        ["test/base"],
        [f"test/{five}", f"test/{nine}"],
        [f"test/{seven}"],
        ["calibration/base"],
        [f"calibration/{five}", f"calibration/{nine}"],
        [f"calibration/{seven}"],
    ]
    assert [len(group) for group in grouped(jobs, config, 1)] == [1, 3, 1, 3]


def test_arms_under_rules_wait_for_their_free_arm_only_with_drafts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = compare_config({"rules": {"token_budget": {"limit": [9]}}})
    free, oracle = Job("base", "base", "test"), oracle_job("base")
    ruled = grid_job("base", "test", config.grid()[0])
    assert [follows(job, config) for job in (free, ruled, oracle)] == [False, False, True]
    config = replace(config, drafts=True)
    assert [follows(job, config) for job in (free, ruled, oracle)] == [False, True, True]
    happened: list[str] = []

    class Running:
        def __init__(self, key: str) -> None:
            self.key = key
            happened.append(f"begin {key}")

        def result(self) -> None:
            happened.append(f"end {self.key}")

        def cancel(self) -> None: ...

    submit: Any = lambda _work, group: Running(group[0].key)  # noqa: E731
    _submit(submit, [[ruled], [free]], config)
    assert happened[:3] == ["begin test/base", "end test/base", f"begin {ruled.key}"]


def test_times_that_are_not_known_are_null_in_measures_and_differences() -> None:
    timed = make_panel([sample(p, seconds=2.0) for p in "ab"])
    drafted = make_panel([sample(p, seconds=None, monitor_seconds=None) for p in "ab"])
    nothing = {"mean": None, "low": None, "high": None}
    found = measure(drafted, 0)
    assert (
        found["seconds"] == found["monitor_seconds"] == nothing and found["tokens"]["mean"] == 100
    )
    for a, b in ((drafted, timed), (timed, drafted)):
        pair = paired(a, b, 0)
        assert pair["seconds"] == pair["seconds_change"] == nothing
        assert pair["tokens"]["mean"] == 0


def test_drafts_are_refused_with_an_engine_that_takes_none() -> None:
    with pytest.raises(UserError, match="'drafts' is true, but engine: transformers takes no"):
        compare_config({"drafts": True, "engine": "transformers"})


@pytest.mark.parametrize("drafts", [False, True])
def test_arms_run_alone_only_where_their_times_are_taken(
    drafts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = compare_config({"rules": {"token_budget": {"limit": [9]}}, "drafts": drafts})
    chosen = grid_job("base", "test", config.grid()[0])
    stages: list[tuple[list[str], bool]] = []

    def run_jobs(_runner: object, jobs: list[Job], *, alone: bool = False) -> dict[str, Any]:
        if jobs:
            stages.append((sorted(job.key for job in jobs), alone))
        return {job.key: [] for job in jobs}

    monkeypatch.setattr(run, "run_jobs", run_jobs)
    selected: Any = SimpleNamespace(overall={"base": chosen.arm})
    monkeypatch.setattr(run, "select", lambda *_: selected)
    calibration = ["calibration/base", chosen.key.replace("test", "calibration")]
    samples, selection = run._run_arms(SimpleNamespace(config=config))  # type: ignore[arg-type]
    assert selection is selected
    every = sorted(["test/base", chosen.key, "test/oracle", *calibration])
    assert sorted(samples) == every
    if drafts:
        assert stages == [(every, False)]
    else:
        assert stages == [
            (["test/base"], True), (calibration, False), ([chosen.key], True),
            (["test/oracle"], False),
        ]  # fmt: skip
