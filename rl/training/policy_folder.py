"""Writing policy folders: from the trainer's model, or from a checkpoint."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from rl.policy.load import load_policy, load_tokenizer

MODEL_FILES = (".safetensors", ".json", ".jinja", ".txt", ".model")
"""Endings of a policy's files; the others in a checkpoint belong to the optimizer."""

STATE_FILES = ("trainer_state.json", "suffice_state.json")

ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")


def save_policy(trainer: Any, policy: Path, adapter: Path | None) -> None:
    """Write the trainer's model; called on every process.

    Args:
        trainer: A `StepGRPOTrainer` after training.
        policy: Folder of the policy.
        adapter: Folder of the LoRA adapter, which is merged into the policy; None if there is no
            adapter.
    """
    if adapter is None:
        trainer.save_model(str(policy))
        return
    trainer.save_model(str(adapter))
    if trainer.accelerator.is_main_process:
        merged = trainer.accelerator.unwrap_model(trainer.model).merge_and_unload()
        merged.save_pretrained(policy)
        trainer.processing_class.save_pretrained(policy)


def save_checkpoint_policy(
    checkpoint: Path | None, base: str, policy: Path, adapter: Path | None
) -> None:
    """Write the policy of a checkpoint; called on the main process.

    Args:
        checkpoint: The checkpoint; None writes the base.
        base: The model that training began with.
        policy: As for `save_policy`.
        adapter: As for `save_policy`.
    """
    if checkpoint is not None and adapter is None:
        policy.mkdir(parents=True, exist_ok=True)
        for file in checkpoint.iterdir():
            if file.suffix in MODEL_FILES and file.name not in STATE_FILES:
                shutil.copy(file, policy / file.name)
        return
    tokenizer, delimiters = load_tokenizer(base)
    model = load_policy(base, delimiters, device="cpu").model
    if checkpoint is not None and adapter is not None:
        from peft import PeftModel

        adapter.mkdir(parents=True, exist_ok=True)
        for name in ADAPTER_FILES:
            shutil.copy(checkpoint / name, adapter / name)
        model = PeftModel.from_pretrained(model, str(checkpoint)).merge_and_unload()
    model.save_pretrained(policy)
    tokenizer.save_pretrained(policy)
