"""Machines that share the folder of a sweep: what one leaves, and another takes over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rl.comparison.folder import OtherSamplerError
from rl.comparison.jobs import Job
from rl.evaluation.samples import Sample
from rl.sweep.compared import comparison_values, sample_policy
from rl.sweep.execution.process import claim
from rl.sweep.execution.runner import Runner
from rl.sweep.execution.tasks import Task, tasks_of
from rl.sweep.folder import TaskFolder, begin
from rl.sweep.planned import planned_runs
from rl.sweep.planning.runs import base_run
from tests.rl.sweep.making import make_sweep, stand_in
from tests.rl.synthetic import make_sample


def test_a_run_that_another_machine_took_over_is_not_called_failed(
    tmp_path: Path,
) -> None:
    sweep = begin(tmp_path / "s", make_sweep(), 64, None)
    runner = Runner(sweep, work=stand_in)
    ended = subprocess.Popen([sys.executable, "-c", "raise SystemExit(9)"])
    ended.wait()
    task = Task("runs/taken", "taken")
    task.folder(sweep).root.mkdir(parents=True)
    lock = claim(task.folder(sweep))
    runner._running[ended] = task
    runner._collect()
    assert lock is not None and task.folder(sweep).state == "waiting"
    del lock
    runner._running[ended] = task
    runner._collect()
    assert task.folder(sweep).failure()["exit_code"] == 9


def test_a_look_at_what_others_did_reads_each_run_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = begin(tmp_path / "s", make_sweep(), 64, None)
    for task in tasks_of(sweep, planned_runs(sweep)):
        stand_in(sweep.root, task.key)
    read: list[str] = []

    def measured(folder: TaskFolder) -> dict[str, Any]:
        read.append(folder.name)
        return {}

    monkeypatch.setattr(TaskFolder, "measured", measured)
    plan = Runner(sweep, work=stand_in).run()
    assert sorted(read) == sorted(run.name for run in plan.runs) and len(read) == 3


def test_samples_of_one_split_by_another_machine_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, asked = [make_sample("base", i, 0, None) for i in range(2)], []

    class Arms:
        config = cache = None

        def __init__(self, *_: object) -> None:
            (tmp_path / "samples").mkdir(exist_ok=True)

        def derive(self) -> None: ...

    def run_jobs(_: object, jobs: list[Job]) -> dict[str, list[Sample]]:
        asked.append((tmp_path / "samples" / "old").exists())
        if asked == [True]:
            raise OtherSamplerError("another processor")
        return {f"{job.split}/{job.policy}": rows for job in jobs}

    monkeypatch.setattr("rl.comparison.arms.ArmRunner", Arms)
    monkeypatch.setattr("rl.comparison.workers.run_jobs", run_jobs)
    (tmp_path / "samples" / "old").mkdir(parents=True)
    sweep = make_sweep()
    found = sample_policy(comparison_values(sweep, base_run(sweep), 64), None, tmp_path, None)
    assert asked == [True, False] and set(found) == {"test", "calibration"}
