"""From a run config to TRL's `GRPOConfig`: our defaults, the user's keys, and what must not be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl import run_files
from rl.policy.source import PACKAGED
from rl.training.advantages.choice import aggregation_keys
from rl.training.config import RunConfig
from rl.training.grpo.keys import check_grpo_keys
from rl.training.sharding import weights_in_parts
from tagger.errors import UserError

DEFAULTS: dict[str, Any] = {
    # Dividing by the group's standard deviation cancels a term's weight in every group that only
    # this term tells apart; centring alone keeps it.
    "scale_rewards": "none",
    "beta": 0.0,
    "temperature": 1.0,
    "lr_scheduler_type": "constant",
    "logging_steps": 1,
    "save_strategy": "steps",
    "save_steps": 25,
    "save_total_limit": 2,
}


FOR_THE_OVERTHINKER: dict[str, Any] = {"learning_rate": 5e-5}
"""What suits a model of a million parameters, and would ruin a larger one."""


def training_arguments(config: RunConfig, gpu: bool) -> Any:
    """Build TRL's config.

    Args:
        config: The run config.
        gpu: Whether to train on a GPU; without one, CPU settings are filled in.

    Returns:
        A `GRPOConfig`.

    Raises:
        UserError: A key in ``grpo`` that would not do what it says, a value TRL refuses, or a
            rhythm of checkpoints at which a run could not be resumed exactly.
    """
    import dataclasses

    from trl import GRPOConfig

    defaults = {f.name: f.default for f in dataclasses.fields(GRPOConfig) if f.init}
    own = FOR_THE_OVERTHINKER if config.model in PACKAGED else {}
    values = DEFAULTS | own | (_on_gpu() if gpu else _ON_CPU) | config.grpo
    values |= aggregation_keys(config.reward.aggregation, config.grpo)
    check_grpo_keys(config.grpo, defaults, values)
    values |= {
        "output_dir": str(Path(config.output) / run_files.CHECKPOINTS),
        "seed": config.seed,
        "data_seed": config.seed,
        "report_to": config.report_to,
        "run_name": values.get("run_name", Path(config.output).name),
        "project": values.get("project", "suffice"),
        "chat_template_kwargs": config.chat_template_kwargs or None,
        "use_cpu": not gpu,
        "disable_tqdm": True,
    }
    if values["beta"]:  # TRL loads the reference by the name that the policy was loaded by
        values["model_init_kwargs"] = reference_options(config)
    try:
        arguments = GRPOConfig(**values)
    except (TypeError, ValueError) as error:
        raise UserError(f"In grpo: {str(error).strip().splitlines()[0]}") from error
    _check_rhythm(arguments)
    return arguments


def reference_options(config: RunConfig) -> dict[str, Any] | None:
    """What the reference of the KL term is loaded with, so that it is the policy's own model.

    Args:
        config: The run config.
    """
    asked = {"revision": config.revision, "trust_remote_code": config.trust_remote_code}
    return {key: value for key, value in asked.items() if value} or None


_ON_CPU: dict[str, Any] = {
    "bf16": False,
    "gradient_checkpointing": False,
    "dataloader_pin_memory": False,
}


def _on_gpu() -> dict[str, Any]:
    """TRL's own defaults suit a GPU, but for one without bfloat16."""
    import torch

    return {} if torch.cuda.is_bf16_supported() else {"bf16": False}


def resumable_at(step: int, arguments: Any) -> bool:
    """Whether a checkpoint after this step falls between two generations.

    Args:
        step: Optimizer steps done.
        arguments: As `training_arguments` returns.
    """
    reuse = arguments.steps_per_generation * arguments.num_iterations
    return bool((step * arguments.gradient_accumulation_steps) % reuse == 0)


def check_evaluation(every: int, arguments: Any, environment: Mapping[str, str]) -> None:
    """Refuse evaluations after which no checkpoint of the best policy could be kept.

    Args:
        every: Steps between two evaluations.
        arguments: As `training_arguments` returns.
        environment: Environment variables, by which a launcher may ask for DeepSpeed or FSDP.

    Raises:
        UserError: They do not fall on checkpoints, or the weights lie in parts.
    """
    if weights_in_parts(arguments, environment):
        raise UserError(
            "eval_problems cannot be sampled while DeepSpeed or FSDP hold the weights in parts; "
            "leave them out and run 'suffice evaluate' on the policy."
        )
    if arguments.save_strategy != "steps" or every % int(arguments.save_steps):
        raise UserError(
            f"eval_every ({every}) must be a multiple of grpo.save_steps "
            f"({int(arguments.save_steps)}) with grpo.save_strategy steps: the best policy is kept "
            "as a checkpoint."
        )


def steps_served(arguments: Any) -> int:
    """Optimizer steps that one draw of rollouts serves; at least 1.

    Args:
        arguments: As `training_arguments` returns.
    """
    return int(steps_of_a_batch(arguments))


def steps_of_a_batch(arguments: Any) -> float:
    """As `steps_served`, but 1.5 where two of three steps draw."""
    reuse = arguments.steps_per_generation * arguments.num_iterations
    return max(1.0, reuse / arguments.gradient_accumulation_steps)


def _check_rhythm(arguments: Any) -> None:
    """Checkpoints must fall between generations, and right after a logged step."""
    if arguments.save_strategy != "steps":
        return
    every = int(arguments.save_steps)
    for key in ("save_steps", "logging_steps"):
        if getattr(arguments, key) < 1:  # a share of the run, to transformers
            raise UserError(f"grpo.{key} must be a whole number of steps, at least 1.")
    if every % int(arguments.logging_steps):
        raise UserError(
            f"grpo.save_steps ({every}) must be a multiple of grpo.logging_steps "
            f"({int(arguments.logging_steps)}), or a resumed run would log other averages."
        )
    if not resumable_at(every, arguments):
        reuse = arguments.steps_per_generation * arguments.num_iterations
        raise UserError(
            f"grpo.save_steps ({every}) x gradient_accumulation_steps "
            f"({arguments.gradient_accumulation_steps}) must be a multiple of steps_per_generation "
            f"x num_iterations ({reuse}), or a resumed run would generate anew in mid-batch."
        )
