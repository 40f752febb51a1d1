"""Callbacks: the frozen tagger, the metrics file, the progress lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.training.callbacks import MetricsFile, Progress, TaggerUnchanged
from tagger.errors import UserError


@dataclass
class Weights:
    fingerprint: str = "a" * 64
    now: str = "a" * 64

    def recompute_fingerprint(self) -> str:
        return self.now


def test_a_tagger_that_changes_fails_the_run() -> None:
    tagger = Weights()
    callback = TaggerUnchanged(tagger)
    callback.on_train_begin(None, None, None)
    assert callback.check() == tagger.fingerprint
    tagger.now = "b" * 64
    for event in (callback.on_train_begin, callback.on_save, callback.on_train_end):
        with pytest.raises(RuntimeError, match="aaaaaaaaaaaa before, bbbbbbbbbbbb now"):
            event(None, None, None)


def test_a_tagger_that_is_not_the_one_it_says() -> None:
    with pytest.raises(RuntimeError, match="changed"):
        TaggerUnchanged(Weights(now="c" * 64)).check()


def test_a_checkpoint_knows_its_tagger() -> None:
    callback = TaggerUnchanged(Weights())
    callback.load_state_dict(callback.state_dict())
    with pytest.raises(UserError, match="made with tagger dddddddddddd, but .* name its commit"):
        callback.load_state_dict({"fingerprint": "d" * 64})


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def log(metrics: MetricsFile, step: int, main: bool = True) -> None:
    state = SimpleNamespace(global_step=step, is_world_process_zero=main)
    metrics.on_log(None, state, None, {"loss": 0.5})


def test_metrics_are_written_and_cut_at_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    metrics = MetricsFile(path)
    for step in (1, 2, 3):
        log(metrics, step)
    log(metrics, 3, main=False)
    metrics.on_log(None, SimpleNamespace(is_world_process_zero=True), None, {"train_runtime": 1})
    assert [row["step"] for row in rows(path)] == [1, 2, 3]
    with path.open("a") as stream:
        stream.write('{"step": 4, "lo')  # killed in mid-line
    resumed = MetricsFile(path, step=2, resumed=True)
    log(resumed, 3)
    assert [row["step"] for row in rows(path)] == [1, 2, 3]
    with pytest.raises(UserError, match="exists already"):
        MetricsFile(path)


@pytest.mark.parametrize(("first", "shown"), [(1, [1, 10, 20, 23]), (8, [8, 10, 20, 23])])
def test_progress_off_a_terminal_shows_the_first_step_and_every_tenth(
    first: int, shown: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress()
    for step in range(first, 24):
        state = SimpleNamespace(global_step=step, max_steps=23, is_world_process_zero=True)
        progress.on_log(None, state, None, {"facts/correct": 0.5, "facts/tokens": 9.0})
    lines = capsys.readouterr().err.splitlines()
    assert [int(line.split("/")[0].removeprefix("step ")) for line in lines] == shown
