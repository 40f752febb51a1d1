"""Workers end with the process that started them, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.comparison import workers
from tagger.errors import Interrupted, UserError

pytestmark = pytest.mark.slow

PARENT = """
import multiprocessing, time
from tagger.processes import end_with_parent
if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=end_with_parent)
    child.start()
    print(child.pid, flush=True)
    time.sleep(600)
"""


def begin_light(*_: Any) -> None:
    """In place of loading a policy."""


def sleep_long(mark: Path) -> None:
    mark.write_text(str(os.getpid()))
    time.sleep(600)


def die(_: Path) -> None:
    os._exit(1)


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(workers, "_begin", begin_light)
    return SimpleNamespace(config=None, folder=tmp_path, cache=None, progress=lambda *_: None)


def wait_until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_end_with_parent_ends_the_worker_of_a_parent_that_was_killed(
    tmp_path: Path, number: int
) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = str(Path(workers.__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": root}
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)
        parent.send_signal(number)
        parent.wait()
        # The worker holds the pipe of standard output: its end is the worker's.
        assert parent.stdout.read() == b""


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Interrupted])
def test_side_by_side_ends_its_workers_when_it_is_interrupted(
    runner: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stop: type[KeyboardInterrupt]
) -> None:
    mark = tmp_path / "pid"

    def submit_and_stop(submit: Callable[..., Any], *_: object) -> None:
        submit(sleep_long, mark)
        wait_until(lambda: mark.is_file() and mark.read_text() != "")
        raise stop

    monkeypatch.setattr(workers, "_submit", submit_and_stop)
    with pytest.raises(stop):
        workers._side_by_side(runner, [], 2)
    assert multiprocessing.active_children() == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_side_by_side_tells_that_a_worker_died(
    runner: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workers, "_submit", lambda submit, *_: submit(die, tmp_path).result())
    with pytest.raises(UserError, match="died, .* resume with fewer, e.g. workers=1"):
        workers._side_by_side(runner, [], 2)


def test_side_by_side_passes_on_the_error_of_an_arm(
    runner: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workers, "_submit", lambda submit, *_: submit(os.stat, "none").result())
    with pytest.raises(FileNotFoundError):
        workers._side_by_side(runner, [], 2)
