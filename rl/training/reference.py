"""The reference model that follows the policy (``grpo.sync_ref_model``) goes into checkpoints.

TRL (1.16) mixes the policy's weights into those of the reference every so many steps, and loads the
first weights again where a run is resumed: its KL term would pull to another policy than before.

Where an adapter is trained further, the reference of ``grpo.beta`` is a second adapter, ``ref``.
peft saves it in a folder of its own and the policy's at the root of the checkpoint; transformers
(5.17) then loads adapters from folders alone, and the policy would begin again with its first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trl import GRPOTrainer

from rl import run_files
from rl.training.sharding import weights_in_parts
from tagger.errors import UserError

REFERENCE_ADAPTER = "ref"
"""TRL's name of the adapter that is the reference of another."""


class ReferenceTrainer(GRPOTrainer):
    """`GRPOTrainer` that resumes with the policy and the reference of the checkpoint."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """As TRL's, and the reference's weights."""
        super()._save_checkpoint(model, trial)
        if self.args.sync_ref_model and self.args.should_save:
            from safetensors.torch import save_model

            folder = Path(self._get_output_dir(trial=trial))
            file = folder / f"{run_files.CHECKPOINT}{self.state.global_step}" / run_files.REFERENCE
            save_model(self.accelerator.unwrap_model(self.ref_model), str(file))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """As transformers'; the policy's adapter, too, where its reference is another adapter."""
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        model = self.model if model is None else model
        if REFERENCE_ADAPTER in getattr(model, "peft_config", ()) and not self.is_fsdp_enabled:
            model.load_adapter(resume_from_checkpoint, model.active_adapters[0], is_trainable=True)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """As TRL's, and the reference's weights."""
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is None or not self.args.sync_ref_model:
            return
        file = Path(checkpoint) / run_files.REFERENCE
        if not file.is_file():
            raise UserError(
                f"The checkpoint {checkpoint} holds no {run_files.REFERENCE}, without which "
                "grpo.sync_ref_model begins again with the first weights; begin a new run."
            )
        from safetensors.torch import load_model

        load_model(self.accelerator.unwrap_model(self.ref_model), str(file))


def check_reference(arguments: Any, environment: Mapping[str, str]) -> None:
    """Refuse a reference that follows the policy where its weights lie in parts.

    Args:
        arguments: TRL's `GRPOConfig`.
        environment: Environment variables, by which a launcher may ask for DeepSpeed or FSDP.

    Raises:
        UserError: They do.
    """
    if arguments.sync_ref_model and weights_in_parts(arguments, environment):
        raise UserError(
            "grpo.sync_ref_model cannot be resumed while DeepSpeed or FSDP hold the weights in "
            "parts; leave it out."
        )
