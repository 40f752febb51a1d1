"""Callbacks: the frozen tagger, the accuracy floor, the metrics file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.training.callbacks import AccuracyFloor, MetricsFile, TaggerUnchanged
from tagger.errors import UserError


@dataclass
class Weights:
    fingerprint: str = "a" * 64
    now: str = "a" * 64

    def recompute_fingerprint(self) -> str:
        return self.now


def feed(floor: AccuracyFloor, shares: list[float], start: int = 1) -> int | None:
    """Log shares of right rollouts; return the step at which training was told to stop."""
    for step, share in enumerate(shares, start):
        control = SimpleNamespace(should_training_stop=False)
        floor.on_log(None, SimpleNamespace(global_step=step), control, {"facts/correct": share})
        if control.should_training_stop:
            return step
    return None


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
    with pytest.raises(RuntimeError, match="tagger was dddddddddddd"):
        callback.load_state_dict({"fingerprint": "d" * 64})


def test_an_absolute_floor_waits_for_a_full_window() -> None:
    floor = AccuracyFloor(0.5, None, window=3)
    assert feed(floor, [0.1, 0.2]) is None
    assert feed(floor, [0.9]) == 1  # (0.1 + 0.2 + 0.9) / 3 = 0.4
    assert floor.reason is not None and "40.0%" in floor.reason and "floor 50.0%" in floor.reason


def test_a_relative_floor_counts_from_the_first_window() -> None:
    floor = AccuracyFloor(None, 0.1, window=2)
    assert floor.limit is None
    assert feed(floor, [0.8, 0.8, 0.75, 0.72, 0.7]) is None
    assert floor.limit == pytest.approx(0.7)
    assert feed(floor, [0.69], start=6) == 6


def test_the_higher_floor_holds() -> None:
    floor = AccuracyFloor(0.75, 0.3, window=1)
    assert feed(floor, [0.9, 0.8, 0.74]) == 3


def test_logs_without_accuracy_do_not_count() -> None:
    floor = AccuracyFloor(0.5, None, window=1)
    control = SimpleNamespace(should_training_stop=False)
    floor.on_log(None, SimpleNamespace(global_step=1), control, {"train_runtime": 3.0})
    assert not control.should_training_stop


def test_state_goes_on_exactly() -> None:
    shares = [0.8, 0.7, 0.75, 0.68, 0.6, 0.55]
    whole, first = (AccuracyFloor(None, 0.1, window=3) for _ in range(2))
    stopped = feed(whole, shares)
    assert stopped is not None
    feed(first, shares[:3])
    resumed = AccuracyFloor(None, 0.1, window=3)
    resumed.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert feed(resumed, shares[3:], start=4) == stopped
    assert resumed.reason == whole.reason


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
