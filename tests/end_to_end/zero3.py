"""Trainings of two processes under DeepSpeed's ZeRO stage 3, and without it; run under torchrun.

python -m tests.end_to_end.zero3 STAGE FOLDER

``plain`` trains without DeepSpeed, ``zero3`` the same with it; both are fed written rollouts.
``killed`` samples and dies in mid-step, ``rest`` resumes that run and does the same run whole.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

import rl.training.run
from rl.training.config import config_from_dict
from rl.training.policy_folder import save_checkpoint_policy, save_policy
from rl.training.run import run_training
from rl.training.run_folder import RunFolder
from rl.training.trainer import StepGRPOTrainer
from tests.end_to_end.interruptions import signal_in_step
from tests.end_to_end.two_ranks import GROUP, ROWS, written
from tests.world import GRPO, World

SETTINGS = Path(__file__).resolve().parents[2] / "configs" / "deepspeed" / "zero3.json"
LORA = {"r": 4, "lora_alpha": 8}
PROMPT = [[5, 6, 7, 8, 9, 10]]
"""Token ids of which the logits are compared."""

STEPS = 3


def feed_written_rollouts() -> None:
    """Have every process get its rows of the same batch, whoever would have sampled them."""

    def rollouts(self: Any, prompt_ids: Sequence[Any], *_: Any, **__: Any) -> tuple[Any, None]:
        first = self.accelerator.process_index * len(prompt_ids)
        tokenizer, step = self.processing_class, int(self.state.global_step)
        found = []
        for row in range(first, first + len(prompt_ids)):
            ids = tokenizer.encode(written(row, step, row % 7 != 3))
            found.append([*ids, tokenizer.eos_token_id] if row % 7 != 3 else ids)
        return found, None

    StepGRPOTrainer._generate_single_turn = rollouts  # type: ignore[method-assign]


def note_logits(folder: Path) -> None:
    """Before a policy is saved, write down its logits, and save its last checkpoint's as well."""

    def save(trainer: Any, base: Any, policy: Path, adapter: Path | None) -> None:
        run = RunFolder(Path(trainer.args.output_dir).parent)
        with torch.no_grad():  # all processes lend their parts
            logits = trainer.model_wrapped(torch.tensor(PROMPT)).logits
        if trainer.accelerator.is_main_process:
            save_file({"logits": logits.contiguous()}, folder / f"{run.root.name}.safetensors")
            again = folder / f"{run.root.name}-again"
            at = again / "adapter" if adapter else None
            save_checkpoint_policy(run.checkpoint(STEPS), base, again / "policy", at)
        save_policy(trainer, base, policy, adapter)

    rl.training.run.save_policy = save


def main(stage: str, folder: Path) -> None:
    root = folder / "world"
    world = World(root, root / "model", root / "tagger", root / "problems.jsonl")
    # An adapter's weights are gathered whatever the settings say of the model's.
    in_parts = json.loads(SETTINGS.read_text())
    del in_parts["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"]

    def train(name: str, lora: bool, deepspeed: str | dict[str, Any] | None) -> None:
        grpo = GRPO | {
            "per_device_train_batch_size": ROWS // 2,
            "num_generations": GROUP,
            "save_steps": 1,
            "max_steps": STEPS,
            "deepspeed": deepspeed,
        }
        changes = {"grpo": grpo, "lora": LORA if lora else None}
        run_training(config_from_dict(world.config(folder / name, **changes)))

    if stage == "killed":
        signal_in_step(signal.SIGKILL, step=STEPS, rank=1)
        train("killed", True, str(SETTINGS))
        raise AssertionError("the run was not killed")
    if stage == "rest":
        run_training(None, resume=folder / "killed")
        train("whole", True, str(SETTINGS))
    else:
        feed_written_rollouts()
        note_logits(folder)
        zero3 = stage == "zero3"
        train(f"{stage}-lora", True, in_parts if zero3 else None)
        train(f"{stage}-full", False, str(SETTINGS) if zero3 else None)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
