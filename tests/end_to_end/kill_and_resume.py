"""Trainings in forked processes, some of which kill themselves."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from pathlib import Path
from typing import Any

from rl.training.config import config_from_dict
from rl.training.run import run_training
from rl.training.trainer import StepGRPOTrainer
from tests.end_to_end.forks import forked, status_of
from tests.end_to_end.interruptions import signal_in_step
from tests.world import GRPO, World

TIMINGS = ("step_time", "timing/", "memory/")
CONFIG = {
    "grpo": GRPO
    | {
        "max_steps": 6,  # three steps an epoch: the kills fall into the first and the second
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "save_steps": 2,
        "lr_scheduler_type": "linear",
    },
    "accuracy_floor": {"floor": 0.0, "window": 3},
}


def kill_in_save(step: int) -> None:
    """Die in the middle of a checkpoint: weights and optimizer written, our state not."""
    original = StepGRPOTrainer._save_optimizer_and_scheduler

    def save(self: Any, folder: str) -> None:
        original(self, folder)
        if self.state.global_step == step:
            os.kill(os.getpid(), signal.SIGKILL)

    StepGRPOTrainer._save_optimizer_and_scheduler = save


def outcome(run: Path) -> dict[str, Any]:
    """Hash of the policy's weights, and the metrics without timings."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {
        "weights": hashlib.sha256((run / "policy" / "model.safetensors").read_bytes()).hexdigest(),
        "metrics": [{k: v for k, v in row.items() if not k.startswith(TIMINGS)} for row in rows],
    }


def kill_and_resume(root: Path, world: World) -> None:
    """Train in folders of `root`; ``report.json`` there has the outcome of each, by name."""
    report: dict[str, Any] = {}

    def train(name: str, changes: dict[str, Any], kill: Any = None) -> int:
        def work() -> None:
            if kill:
                kill()
            run_training(config_from_dict(world.config(root / name, **CONFIG | changes)))

        return status_of(forked(work))

    for name, changes in {"first": {}, "again": {}, "other_seed": {"seed": 4}}.items():
        assert train(name, changes) == 0, name
        report[name] = outcome(root / name)
    lora = {"lora": {"r": 4, "lora_dropout": 0.1}}
    assert train("lora", lora) == 0
    report["lora"] = outcome(root / "lora")
    kills = {
        "before_first_checkpoint": ({}, lambda: signal_in_step(signal.SIGKILL, step=2, rank=0)),
        "first_epoch": ({}, lambda: signal_in_step(signal.SIGKILL, step=3, rank=0)),
        "second_epoch": ({}, lambda: signal_in_step(signal.SIGKILL, step=6, rank=0)),
        "in_the_save": ({}, lambda: kill_in_save(4)),
        "lora_killed": (lora, lambda: signal_in_step(signal.SIGKILL, step=5, rank=0)),
    }
    for name, (changes, kill) in kills.items():
        status = train(name, changes, kill)
        assert status == -signal.SIGKILL, (name, status)
        resumed = forked(lambda name=name: run_training(None, resume=root / name))
        assert status_of(resumed) == 0, name
        report[name] = outcome(root / name)
    (root / "report.json").write_text(json.dumps(report))
