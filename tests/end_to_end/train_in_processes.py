"""Trains, loses the end of the run, resumes; run under torchrun with two processes.

python -m tests.end_to_end.train_in_processes WORLD OUTPUT
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import torch

from rl.training.config import config_from_dict
from rl.training.run import run_training
from rl.training.trainer import StepGRPOTrainer
from tagger.errors import Interrupted
from tests.world import GRPO, World


def interrupt_the_second_process(step: int) -> Any:
    """Send SIGTERM to process 1 alone, in the middle of a step; return the method as it was."""
    original = StepGRPOTrainer._calculate_rewards

    def scored(self: Any, *args: Any) -> torch.Tensor:
        if self.accelerator.process_index == 1 and self.state.global_step == step - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, *args)

    StepGRPOTrainer._calculate_rewards = scored
    return original


def main(world: World, output: Path) -> None:
    rank = int(os.environ["RANK"])
    grpo = GRPO | {"per_device_train_batch_size": 4, "save_steps": 4}
    # Each process comes with a name of its own, as a default name that holds the time may be.
    config = config_from_dict(world.config(output / f"run-{rank}", grpo=grpo))
    original = interrupt_the_second_process(2)
    try:
        run_training(config)
    except Interrupted as stop:
        assert (rank, stop.number) == (0, signal.SIGTERM)
    except SystemExit as stop:
        assert (rank, stop.code) == (1, 128 + signal.SIGTERM)
    else:
        raise AssertionError("the run was not interrupted")
    StepGRPOTrainer._calculate_rewards = original
    run_training(None, resume=output / "run-0")
    if rank == 0:
        shutil.rmtree(output / "run-0" / "checkpoints")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    root = Path(sys.argv[1])
    small_world = World(root, root / "model", root / "tagger", root / "problems.jsonl")
    main(small_world, Path(sys.argv[2]))
