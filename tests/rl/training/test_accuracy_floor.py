"""The accuracy floor: stops on a fall, remembers the best checkpoint, resumes exactly."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rl.training.callbacks.accuracy_floor import AccuracyFloor
from rl.training.config import config_from_dict
from rl.training.run import run_training
from rl.training.run_folder import checkpoint_state
from tests.world import GRPO, World


def feed(
    floor: AccuracyFloor, shares: list[float], first: int = 1, save_every: int = 5
) -> int | None:
    """Show batches of four groups; return the step at which training was told to stop."""
    for step, share in enumerate(shares, first):
        floor.see_groups([share] * 4)
        control = SimpleNamespace(should_training_stop=False, should_save=step % save_every == 0)
        floor.on_step_end(None, SimpleNamespace(global_step=step), control)
        if control.should_training_stop:
            return step
    return None


def begun(floor: float | None, drop: float | None, window: int, steps: int = 40) -> AccuracyFloor:
    made = AccuracyFloor(floor, drop, window, alpha=0.05)
    made.on_train_begin(None, SimpleNamespace(max_steps=steps), None)
    return made


def test_a_floor_stops_the_run_with_the_reason() -> None:
    floor = begun(0.5, None, window=3)
    stopped = feed(floor, [0.8] * 5 + [0.1] * 30)
    assert stopped is not None and 6 < stopped < 20
    assert floor.reason is not None
    assert "10.0% of rollouts were correct lately, floor 50.0%" in floor.reason


def test_a_drop_is_told_from_what_was_before() -> None:
    floor = begun(None, 0.1, window=5)
    stopped = feed(floor, [0.75] * 15 + [0.25] * 25)
    assert stopped is not None and 15 < stopped < 25
    assert floor.reason is not None and "75.0% before step 16, allowed drop 10.0%" in floor.reason


def test_the_best_checkpoint_is_the_one_with_the_highest_running_accuracy() -> None:
    floor = begun(None, 0.1, window=5)
    feed(floor, [0.5] * 5 + [0.75] * 5 + [0.75] * 5 + [0.0] * 25)
    assert floor.reason is not None
    assert (floor.best_step, floor.best_accuracy) == (15, 0.75)  # of equal ones the later


def test_the_best_checkpoint_may_be_that_of_an_epoch() -> None:
    floor = begun(0.2, None, window=2)
    control = SimpleNamespace(should_training_stop=False, should_save=False)
    for epoch, share in enumerate((0.5, 0.9, 0.6), 1):
        feed(floor, [share] * 5, first=5 * epoch - 4, save_every=99)
        control.should_save = True  # by transformers, when the epoch ends
        floor.on_epoch_end(None, SimpleNamespace(global_step=5 * epoch), control)
    assert (floor.best_step, floor.best_accuracy) == (10, 0.9)


def test_a_running_accuracy_covers_the_window() -> None:
    floor = begun(0.0, None, window=2)
    feed(floor, [0.0, 0.5, 1.0])
    assert floor.accuracy == 0.75


def test_groups_are_read_from_the_facts_table() -> None:
    floor = begun(0.0, None, window=1)
    table = torch.tensor([[9.0, 1.0], [9.0, 0.0], [9.0, 1.0], [9.0, 1.0]])
    floor.see(table, torch.tensor([0, 0, 7, 7]), ["tokens", "correct"])
    floor.on_step_end(None, SimpleNamespace(global_step=1), SimpleNamespace(should_save=False))
    assert floor.state_dict()["seen"] == [[0.5, 1.0]]


def test_the_draws_of_a_step_are_one_batch() -> None:
    whole, parts = begun(0.3, 0.1, window=4), begun(0.3, 0.1, window=4)
    shares = [0.75] * 12 + [0.25] * 28
    stopped = feed(whole, shares)
    for step, share in enumerate(shares[:stopped], 1):
        for _ in range(4):
            parts.see_groups([share])
        control = SimpleNamespace(should_training_stop=False, should_save=step % 5 == 0)
        parts.on_step_end(None, SimpleNamespace(global_step=step), control)
        assert control.should_training_stop == (step == stopped)
    assert parts.state_dict() == whole.state_dict() and parts.accuracy == whole.accuracy


def test_the_window_is_in_steps_where_a_batch_serves_several() -> None:
    floor = AccuracyFloor(None, 0.1, window=10, served=2.5)  # 4 batches
    floor.on_train_begin(None, SimpleNamespace(max_steps=100), None)
    stopped = feed(floor, [0.0, 1.0] + [0.75] * 8 + [0.25] * 30)
    assert stopped is not None and floor.reason is not None
    assert "before step 26, allowed" in floor.reason
    assert feed(again := AccuracyFloor(0.0, None, 10, served=2.5), [0.0] * 4 + [1.0] * 3) is None
    assert again.accuracy == 0.75


@pytest.mark.parametrize(
    ("grpo", "groups"),
    [
        # Three draws of two groups an epoch: its second step has one.
        ({"gradient_accumulation_steps": 2, "steps_per_generation": 1}, [4, 2, 4, 2]),
        ({"num_iterations": 2}, [2] * 2),
    ],
)
def test_a_run_tests_once_a_step(
    world: World, tmp_path: Path, grpo: dict[str, Any], groups: list[int]
) -> None:
    grpo = GRPO | grpo | {"save_steps": 4}
    floor = {"floor": 0.0, "window": 2}
    run_training(config_from_dict(world.config(tmp_path / "run", grpo=grpo, accuracy_floor=floor)))
    state = checkpoint_state(tmp_path / "run" / "checkpoints" / "checkpoint-4")["accuracy_floor"]
    assert [len(shares) for shares in state["seen"]] == groups


@pytest.mark.parametrize("cut", [3, 12, 17])
def test_a_resumed_run_stops_where_the_whole_one_does(cut: int) -> None:
    shares = [0.75, 0.5, 1.0] * 5 + [0.25, 0.0, 0.5] * 8
    whole, first = begun(0.3, 0.1, window=4), begun(0.3, 0.1, window=4)
    stopped = feed(whole, shares)
    assert stopped is not None and stopped > 17
    feed(first, shares[:cut])
    resumed = AccuracyFloor(0.3, 0.1, 4)
    resumed.load_state_dict(json.loads(json.dumps(first.state_dict())))
    resumed.on_train_begin(None, SimpleNamespace(max_steps=40), None)
    assert feed(resumed, shares[cut:], first=cut + 1) == stopped
    assert resumed.state_dict() == whole.state_dict()


def test_a_state_of_the_old_running_mean_is_read() -> None:
    floor = AccuracyFloor(None, 0.1, 4)
    floor.load_state_dict({"recent": [0.5], "first": 0.5, "reason": None})
    floor.on_train_begin(None, SimpleNamespace(max_steps=40), None)
    assert feed(floor, [0.8] * 15 + [0.1] * 20) is not None
