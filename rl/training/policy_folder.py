"""Writing policy folders: those of a run, from the trainer's model or from a checkpoint."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl import run_files
from rl.policy.config import PolicyConfig, own_settings
from rl.policy.load import load_policy
from rl.policy.source import resolve_policy
from rl.training.sharding import weights_in_parts, whole_weights

if TYPE_CHECKING:
    from rl.training.plan import Plan

MODEL_FILES = (".safetensors", ".json", ".jinja", ".txt", ".model")
"""Endings of a policy's files; the others in a checkpoint belong to the optimizer."""

STATE_FILES = (
    run_files.TRAINER_STATE, run_files.STATE, run_files.UNLOGGED, run_files.REFERENCE,
)  # fmt: skip
"""Files of those endings that belong to the run all the same."""

ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")


def save_policies(
    plan: Plan, trainer: Any, fell: bool, best_step: int, evaluated: bool, main: bool
) -> None:
    """Write the policy folders of a run that is over; called on every process.

    Where accuracy fell, the best policy is the run's and that of the last step lies apart. Where it
    did not, the best policy by evaluation lies apart, unless it is the last.

    Args:
        plan: The run.
        trainer: Its `StepGRPOTrainer` after training.
        fell: Whether accuracy fell.
        best_step: The best step; 0 is the base.
        evaluated: Whether evaluations say so.
        main: Whether this is the main process.
    """
    run, lora, config = plan.run, plan.trains_adapter, plan.config
    last, adapter = (run.last_policy, run.last_adapter) if fell else (run.policy, run.adapter)
    save_policy(trainer, config, last, adapter if lora else None)
    if main and (fell or (evaluated and best_step != trainer.state.global_step)):
        best = run.checkpoint(best_step) if best_step else None
        policy, adapter = (run.policy, run.adapter) if fell else (run.best_policy, run.best_adapter)
        save_checkpoint_policy(best, config, policy, adapter if lora and best else None)


def save_policy(trainer: Any, base: PolicyConfig, policy: Path, adapter: Path | None) -> None:
    """Write the trainer's model; called on every process.

    Args:
        trainer: A `StepGRPOTrainer` after training.
        base: The policy that training began with.
        policy: Folder of the policy.
        adapter: Folder of the LoRA adapter, which is merged into the policy; None if there is no
            adapter.
    """
    if adapter is None:
        trainer.save_model(str(policy))
        return
    trainer.save_model(str(adapter))
    if trainer.accelerator.is_main_process:
        # Merged into 4-bit weights it would be rounded to them; weights in parts cannot be merged.
        if base.quantization is not None or weights_in_parts(trainer.args, os.environ):
            save_merged(base, adapter, policy)
            return
        merged = trainer.accelerator.unwrap_model(trainer.model).merge_and_unload()
        merged.save_pretrained(policy)
        trainer.processing_class.save_pretrained(policy)


def save_checkpoint_policy(
    checkpoint: Path | None, base: PolicyConfig, policy: Path, adapter: Path | None
) -> None:
    """Write the policy of a checkpoint; called on the main process.

    Args:
        checkpoint: The checkpoint; None writes the base.
        base: The policy that training began with.
        policy: As for `save_policy`.
        adapter: As for `save_policy`.
    """
    if checkpoint is not None and adapter is None:
        policy.mkdir(parents=True, exist_ok=True)
        for file in checkpoint.iterdir():
            if file.suffix in MODEL_FILES and file.name not in STATE_FILES:
                shutil.copy(file, policy / file.name)
        return
    if checkpoint is not None and adapter is not None:
        adapter.mkdir(parents=True, exist_ok=True)
        for name in ADAPTER_FILES:
            shutil.copy(checkpoint / name, adapter / name)
        save_merged(base, checkpoint, policy)
        return
    _write(replace(own_settings(base), quantization=None), policy)


def save_merged(base: PolicyConfig, adapter: Path, policy: Path) -> None:
    """Merge an adapter into its base on the CPU, in the data type of the base's settings."""
    model = resolve_policy(base).model
    _write(
        replace(own_settings(base), model=model, adapter=str(adapter), quantization=None), policy
    )


def _write(config: PolicyConfig, policy: Path) -> None:
    with whole_weights():
        loaded = load_policy(config, device="cpu")
    loaded.model.save_pretrained(policy)
    loaded.tokenizer.save_pretrained(policy)
