"""Trainings side by side: kills, refusals and interruptions, with a stand-in for the training."""

from __future__ import annotations

import json
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from launch import side_by_side
from launch.side_by_side import ENDED, RESTARTS, Training, run_trainings
from rl.analysis.signal import NoSignalError
from rl.training.config import config_from_dict
from rl.training.run_folder import RunFolder
from tagger.errors import UserError


def made(root: Path, name: str, seed: int = 0) -> Training:
    folder = RunFolder(root / name)
    config = config_from_dict({"model": "overthinker", "seed": seed, "grpo": {"max_steps": 3}})
    return Training(name, config, folder)


def stand_in(training: Training, news: Connection) -> None:
    """Do one "step" a start, and die of SIGKILL as often as the seed says."""
    folder = training.folder
    folder.root.mkdir(exist_ok=True)
    folder.config.write_text("begun")
    with folder.metrics.open("a") as file:
        file.write(json.dumps({"step": training.steps() + 1}) + "\n")
    if training.steps() <= training.config.seed:
        os.kill(os.getpid(), signal.SIGKILL)
    folder.result.write_text("{}")
    news.send((ENDED, ""))


def refusing(training: Training, news: Connection) -> None:
    """One training refuses its input, the other works until it is told to stop."""
    if training.name == "bad":
        kind = side_by_side.NO_SIGNAL if training.config.seed else side_by_side.REFUSED
        news.send((kind, "the key is wrong."))
        return
    training.folder.root.mkdir()

    def stop(*_: object) -> None:
        (training.folder.root / "checkpoint").touch()
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)
    (training.folder.root / "ready").touch()
    time.sleep(60)


@pytest.fixture
def said() -> list[str]:
    return []


def test_trainings_that_are_killed_resume_and_end(tmp_path: Path, said: list[str]) -> None:
    trainings = [made(tmp_path, "one", seed=2), made(tmp_path, "two")]
    seen: list[tuple[str, int, int]] = []
    run_trainings(trainings, 2, said.append, lambda *news: seen.append(news), work=stand_in)
    assert [t.done for t in trainings] == [True, True]
    assert [t.steps() for t in trainings] == [3, 1]
    assert "Training 'one' was killed (signal 9); restart 2." in said
    assert ("one", 3, 3) in seen
    again: list[str] = []
    run_trainings(trainings, 1, again.append, lambda *_: None, work=refusing)
    assert again == [f"Training {t.name!r} is done already: {t.folder.policy}" for t in trainings]


def test_a_training_that_is_always_killed_is_given_up(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(UserError, match=r"'one' was killed 4 times \(signal 9\).*one.log"):
        run_trainings(
            [made(tmp_path, "one", seed=99)], 1, said.append, lambda *_: None, work=stand_in
        )
    assert len([line for line in said if "restart" in line]) == RESTARTS


@pytest.mark.parametrize(("seed", "error"), [(0, UserError), (1, NoSignalError)])
def test_a_refusal_stops_the_others_after_a_checkpoint(
    tmp_path: Path, seed: int, error: type[UserError]
) -> None:
    good, bad = made(tmp_path, "good"), made(tmp_path, "bad", seed)
    started: list[str] = []

    def say(line: str) -> None:
        started.append(line)
        while len(started) == 2 and not (good.folder.root / "ready").exists():
            time.sleep(0.05)  # the other one is at work when the second begins

    with pytest.raises(error, match=r"^Training 'bad': the key is wrong\.$"):
        run_trainings([good, bad], 2, say, lambda *_: None, work=refusing)
    assert (good.folder.root / "checkpoint").exists()


def test_a_complete_training_without_a_policy_is_told(tmp_path: Path) -> None:
    training = made(tmp_path, "one")
    training.folder.root.mkdir()
    training.folder.result.write_text(json.dumps({"no_signal": "No signal."}))
    with pytest.raises(NoSignalError, match="Training 'one': No signal. Begin a new run."):
        run_trainings([training], 1, print, lambda *_: None, work=refusing)
