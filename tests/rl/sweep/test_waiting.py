"""A worker with one task: what comes before it is done by somebody, or it is said who has it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from launch.cli import main
from rl.sweep.execution.process import claim
from rl.sweep.execution.runner import Runner
from rl.sweep.execution.tasks import COMPARISON
from rl.sweep.execution.waiting import EVERY, Waiting
from rl.sweep.folder import SweepFolder, TaskFolder, begin
from rl.sweep.planned import planned_runs
from tests.rl.sweep.making import make_sweep, stand_in, values

RULES = {"count": {"types": ["VERIFY"], "limit": [1]}}


def _begin(root: Path) -> SweepFolder:
    compare = {**values()["compare"], "rules": RULES}
    return begin(root, make_sweep(compare=compare), 64, None)


def _control(sweep: SweepFolder) -> TaskFolder:
    (name,) = (run.name for run in planned_runs(sweep).runs if run.arm == "control")
    return sweep.run(name)


def test_an_agent_with_the_comparison_does_a_run_of_control_that_nobody_works_on(
    tmp_path: Path,
) -> None:
    sweep = _begin(tmp_path / "s")
    stand_in(sweep.root, "references/base")
    Runner(sweep, only=COMPARISON, work=stand_in).run()
    control = _control(sweep)
    assert control.done.is_file()
    assert sweep.comparison.done.is_file()
    assert [folder.name for folder in (sweep.root / "runs").iterdir()] == [control.name]


def test_an_agent_waits_for_a_run_of_control_that_another_works_on_and_takes_it_over(
    tmp_path: Path,
) -> None:
    sweep = _begin(tmp_path / "s")
    stand_in(sweep.root, "references/base")
    control = _control(sweep)
    control.root.mkdir(parents=True)
    lock, told = claim(control), []
    assert lock is not None
    clock = iter(range(0, 100_000, 31))

    def tell(line: str) -> None:
        told.append(line)
        lock.release()  # type: ignore[attr-defined]  # as the end of its process does

    Runner(
        sweep, only=COMPARISON, work=stand_in, waiting=Waiting(tell, lambda: float(next(clock)))
    ).run()
    assert len(told) == 1 and f"for {control.root}, which another process has locked" in told[0]
    assert control.done.is_file() and sweep.comparison.done.is_file()


def test_what_is_waited_for_is_told_once_a_minute_and_since_when(tmp_path: Path) -> None:
    told: list[str] = []
    now = 1_000_000.0
    waiting = Waiting(told.append, lambda: now)
    folders = [TaskFolder(tmp_path / name) for name in "abcde"]
    for folder in folders:
        folder.root.mkdir()
        os.utime(folder.root, (now - 2000, now - 2000))
    began = time.strftime("%H:%M", time.localtime(now))
    waiting.look(folders[:1])
    now += EVERY - 1
    waiting.look(folders[:1])
    assert not told
    now += 41
    waiting.look(folders[:1])
    a = tmp_path / "a"
    assert told == [
        f"waiting since {began} for {a}, which another process has locked and last wrote to 35 min "
        f"ago; if that process is gone with its machine, delete {a}/.lock, and this one does the "
        "work"
    ]
    waiting.look(folders[:1])
    assert len(told) == 1
    now += 8000
    waiting.look(folders)
    assert len(told) == 5 and "wrote to 3 h ago" in told[1]
    assert told[-1] == "waiting for 2 other tasks as well"
    waiting.look([])
    now += EVERY
    waiting.look(folders[:1])
    assert len(told) == 5


def test_a_lock_that_a_lost_machine_left_is_passed_by_once_it_is_deleted(tmp_path: Path) -> None:
    sweep = _begin(tmp_path / "s")
    control = _control(sweep)
    control.root.mkdir(parents=True)
    lock = claim(control)
    assert lock is not None
    timer = threading.Timer(2.0, control.lock.unlink)
    timer.start()
    Runner(sweep, only=f"runs/{control.name}", work=stand_in).run()
    timer.join()
    assert control.done.is_file()


def test_an_agent_names_the_run_of_control_that_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = _begin(tmp_path / "s")
    stand_in(sweep.root, "references/base")
    control = _control(sweep)
    control.root.mkdir(parents=True)
    control.fail("no memory", 1)
    assert main(["sweep", "work", str(sweep.root), "--task", COMPARISON]) == 2
    error = capsys.readouterr().err
    assert f"The task comparison comes after runs/{control.name}, which failed: no memory;" in error
    assert f"retry with: suffice sweep --resume {sweep.root} --retry-failed" in error
