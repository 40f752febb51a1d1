"""Workers of a sweep on a machine with several GPUs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rl.sweep.execution import runner
from rl.sweep.execution.devices import VISIBLE, least_used, one_device, visible_devices
from rl.sweep.execution.process import start
from rl.sweep.execution.runner import Runner
from rl.sweep.execution.work import Work
from rl.sweep.folder import begin
from tests.rl.sweep.making import make_sweep, stand_in


class Ended:
    """A process that has done its task."""

    returncode = 0

    def poll(self) -> int:
        return 0


def test_devices_are_those_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "3, MIG-a")
    assert visible_devices() == ["3", "MIG-a"]
    monkeypatch.setenv(VISIBLE, "")
    assert visible_devices() == []
    monkeypatch.delenv(VISIBLE)
    monkeypatch.setattr("rl.sweep.execution.devices.graphics", lambda: None)
    assert visible_devices() == []


def test_a_task_gets_the_device_that_others_use_least() -> None:
    assert least_used(["0", "1", "2"], ["0", "2", "0"]) == "1"
    assert least_used(["0", "1"], []) == "0"
    assert least_used(["0"], []) is None and least_used([], []) is None


def test_checks_of_several_workers_see_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "4,5")
    with one_device(2):
        assert os.environ[VISIBLE] == "4"
    assert os.environ[VISIBLE] == "4,5"
    with one_device(1):
        assert os.environ[VISIBLE] == "4,5"


@pytest.mark.parametrize(("workers", "expected"), [(2, {"4", "5"}), (1, {None})])
def test_workers_train_on_one_device_each(
    workers: int, expected: set[str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str | None] = []

    def begin_task(_work: Work, root: Path, key: str, device: str | None) -> Any:
        given.append(device)
        stand_in(root, key)
        return Ended()

    monkeypatch.setenv(VISIBLE, "4,5")
    monkeypatch.setattr(runner, "start", begin_task)
    sweep = begin(tmp_path / "s", make_sweep(), 64, None)
    plan = Runner(sweep, workers=workers, work=stand_in).run()
    assert plan.complete and len(given) == 4 and set(given) == expected


def test_a_process_sees_its_device_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[str | None] = []
    monkeypatch.setenv(VISIBLE, "4,5")
    monkeypatch.setattr(
        subprocess, "Popen", lambda _words, *, env, **_: seen.append(env.get(VISIBLE))
    )
    for device in ("5", None):
        start(stand_in, tmp_path, "runs/x", device)
    assert seen == ["5", "4,5"]
