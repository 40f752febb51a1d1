"""The process that runs math-verify: any thread, hanging expressions, a process that dies."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rewards.answers.algebra.client as client
from rewards.answers.algebra import AlgebraProcess
from rewards.answers.symbolic import equivalent, numeric_value
from tagger.errors import UserError

HANGS = "9^{9^{9^{9}}}"
"""No filter keeps it from the process here; exact integers of that size fill any machine."""


@pytest.fixture(scope="module")
def process() -> Iterator[AlgebraProcess]:
    process = AlgebraProcess()
    yield process
    process.close()


def test_ask_is_lazy_and_keeps_one_process(process: AlgebraProcess) -> None:
    fresh = AlgebraProcess()
    assert fresh.pid is None
    assert process.ask("compare", r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}") is True
    pid = process.pid
    assert process.ask("compare", "x+1", "x+2") is False
    assert process.ask("decimal", r"2\pi").startswith("6.28318530717958647692528676")
    assert process.ask("decimal", "1/4") == "0.25" + "0" * 28
    assert process.pid == pid and pid is not None


def test_ask_works_from_threads(process: AlgebraProcess) -> None:
    pairs = [(f"(x+{i})^2", f"x^2+{2 * i}x+{i * i + i % 2}") for i in range(24)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pair: process.ask("compare", *pair), pairs))
    assert found == [i % 2 == 0 for i in range(24)]


def test_equivalent_works_off_the_main_thread() -> None:
    found: list[object] = []
    thread = threading.Thread(
        target=lambda: found.append((equivalent("2x+2", "2(x+1)"), numeric_value(r"\sqrt{4}")))
    )
    thread.start()
    thread.join()
    assert found == [(True, 2)]


def test_ask_cuts_an_expression_that_hangs(
    process: AlgebraProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "worker.py"
    text = client._PROGRAM.read_text()
    assert "CPU_SECONDS = 5\n" in text
    program.write_text(text.replace("CPU_SECONDS = 5\n", "CPU_SECONDS = 0.5\n"))
    monkeypatch.setattr(client, "_PROGRAM", program)
    quick = AlgebraProcess()
    assert quick.ask("compare", "x", "x") is True
    first = quick.pid
    assert quick.ask("compare", HANGS, r"\sqrt{2}") is None
    assert quick.ask("compare", "x+x", "2x") is True
    assert quick.pid not in (None, first)
    quick.close()
    assert quick.pid is None


def test_ask_starts_another_process_when_one_is_killed(process: AlgebraProcess) -> None:
    process.ask("compare", "x", "x")
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert process.ask("compare", "y+y", "2y") is True
    assert process.pid not in (None, first)


def test_ask_gives_up_on_a_reply_that_never_comes(
    process: AlgebraProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.ask("compare", "x", "x")
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    monkeypatch.setattr(client, "WALL_SECONDS", 0.2)
    assert process.ask("compare", "x+x", "2x") is None
    monkeypatch.undo()
    assert process.ask("compare", "z+z", "2z") is True


def test_ask_drops_a_reply_that_nobody_waited_for(
    process: AlgebraProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.ask("compare", "x", "x")

    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(client, "_read_line", interrupted)
        with pytest.raises(KeyboardInterrupt):
            process.ask("compare", "x", "x")
    assert process.ask("compare", "x", "y") is False


def test_ask_says_that_the_process_cannot_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "worker.py"
    program.write_text("import sys\nsys.exit(1)\n")
    monkeypatch.setattr(client, "_PROGRAM", program)
    with pytest.raises(UserError, match="ended 3 times in a row"):
        AlgebraProcess().ask("compare", "x", "x")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(UserError, match="could not be started"):
        AlgebraProcess().ask("compare", "x", "x")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_ask_in_a_forked_child_starts_a_process_of_its_own() -> None:
    assert client.ask("compare", "a+a", "2a") is True
    parent = client._shared.pid
    child = os.fork()
    if not child:
        right = client.ask("compare", "b+b", "2b") is True and client._shared.pid != parent
        client._shared.close()
        os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert client.ask("compare", "c+c", "2c") is True
    assert client._shared.pid == parent
