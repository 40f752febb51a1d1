"""Trainings of one or two processes whose outcomes must be equal; run plainly or under torchrun.

python -m tests.end_to_end.two_ranks STAGE FOLDER

``killed`` dies in mid-step; ``rest`` resumes that run, does the same run whole, and one fed with
written rollouts; ``alone`` does the last one in one process.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import rl.training.trainer as trainers
from rl.training.config import config_from_dict
from rl.training.run import run_training
from rl.training.trainer import StepGRPOTrainer
from tests.world import GRPO, World

ROWS, GROUP = 12, 4
CHECK = "Let me double-check: 2 + 3 = 5. That matches."


def written(row: int, step: int, ends: bool) -> str:
    """A rollout that depends on its place in the whole batch and on the step."""
    answer = row % 5 + 3
    steps = ["2 + 3 = 5.", f"So the answer is {answer}.", *[CHECK] * ((row + step) % 4)]
    return "\n\n".join(steps) + (f"\n</think>\n\n\\boxed{{{answer}}}" if ends else "")


def feed_written_rollouts() -> None:
    """Have every process get its rows of the same batch in place of sampled ones."""

    def rollouts(trainer: Any, prompt_ids: Sequence[Sequence[int]], *_: Any) -> list[list[int]]:
        first = trainer.accelerator.process_index * len(prompt_ids)
        tokenizer, step = trainer.processing_class, int(trainer.state.global_step)
        found = []
        for row in range(first, first + len(prompt_ids)):
            ends = row % 7 != 3
            ids = tokenizer.encode(written(row, step, ends))
            found.append([*ids, tokenizer.eos_token_id] if ends else ids)
        return found

    trainers.sample_rollouts = rollouts  # type: ignore[assignment]


def die_in_step(step: int) -> None:
    """The second process kills itself with rollouts scored and no update made."""
    original = StepGRPOTrainer._calculate_rewards

    def scored(self: Any, *args: Any) -> torch.Tensor:
        terms = original(self, *args)
        if self.state.global_step == step - 1 and self.accelerator.process_index == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return terms

    StepGRPOTrainer._calculate_rewards = scored  # type: ignore[method-assign]


def note_weights(folder: Path) -> None:
    """Every process writes down the hash of its own weights after each training."""
    original = StepGRPOTrainer.train

    def train(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        digest = hashlib.sha256()
        for name, value in sorted(self.accelerator.unwrap_model(self.model).state_dict().items()):
            digest.update(name.encode() + value.detach().numpy().tobytes())
        run = Path(self.args.output_dir).parent.name
        file = folder / f"{run}-rank{self.accelerator.process_index}.txt"
        file.write_text(digest.hexdigest())
        return result

    StepGRPOTrainer.train = train  # type: ignore[method-assign]


def main(stage: str, folder: Path) -> None:
    root = folder / "world"
    world = World(root, root / "model", root / "tagger", root / "problems.jsonl")
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    grpo = GRPO | {
        "per_device_train_batch_size": ROWS // processes,
        "num_generations": GROUP,
        "save_steps": 1,
        "max_steps": 3,
    }
    asked = folder / "eval.jsonl"
    sampled = {"eval_problems": {"source": str(asked)}, "eval_every": 1, "eval_samples": 2}
    kept = {"keep_rollouts": {"every": 1, "count": ROWS}}
    note_weights(folder)

    def config(name: str, **changes: Any) -> Any:
        return config_from_dict(world.config(folder / name, grpo=grpo, **changes))

    if stage == "killed":
        die_in_step(3)
        run_training(config("killed", **sampled))
        raise AssertionError("the run was not killed")
    if stage == "rest":
        run_training(None, resume=folder / "killed")
        run_training(config("whole", **sampled))
        run_training(config("unevaluated"))
    feed_written_rollouts()
    run_training(config(f"written-{processes}", **kept))
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    where = Path(sys.argv[2])
    (where / "eval.jsonl").write_text(
        "".join(
            json.dumps({"question": f"{a} + 7 = ?", "answer": a + 7}) + "\n" for a in (11, 12, 13)
        )
    )
    main(sys.argv[1], where)
