"""Every field of TRL's `GRPOConfig`: honoured, honoured on a condition, or refused with the remedy.

No key is accepted and ignored. Written against TRL 1.16 on transformers 5.17; a test holds the
lists below against the fields of the installed version.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tagger.errors import UserError, unknown_name

RESERVED = {
    "output_dir": "output",
    "seed": "seed",
    "data_seed": "seed",
    "report_to": "report_to",
    "reward_weights": "reward.terms.<name>.weight",
    "use_cpu": "(a GPU is used if there is one)",
    "resume_from_checkpoint": "--resume",
    "chat_template_kwargs": "chat_template_kwargs",
    "local_rank": "(the launcher, e.g. torchrun)",
}
"""Fields that another key of the run config, or something else, sets."""

_NO_EVALUATION = (
    "has no effect; evaluate during training with the keys eval_problems, eval_every and "
    "eval_samples, or run 'suffice evaluate' on the policy or on a checkpoint"
)
_NO_HUB = "is not supported; upload the policy folder yourself when the run is complete"
_OWN_DATA = "has no effect, for the training rows are built from the key problems; leave it out"
_OWN_BEST = "has no effect; the keys eval_problems and accuracy_floor keep the best checkpoint"

REFUSED = {
    "model_init_kwargs": "has no effect, for the model is loaded before TRL sees it; name it by "
    "the key model",
    "trust_remote_code": "is never allowed; use a model that transformers knows",
    "cache_implementation": "has no effect on the kit's sampler; set "
    "grpo.generation_kwargs.cache_implementation, which hands generation to transformers",
    "remove_unused_columns": _OWN_DATA,
    "label_names": _OWN_DATA,
    "length_column_name": _OWN_DATA,
    "train_sampling_strategy": "has no effect, for GRPO draws prompts in groups; use "
    "grpo.shuffle_dataset",
    "label_smoothing_factor": "has no effect on a GRPO loss; leave it out",
    "include_num_input_tokens_seen": "has no effect; tokens are logged as num_tokens",
    "disable_tqdm": "has no effect, for the run shows its own progress; leave it out",
    "logging_strategy": "must be steps, for the metrics file has a line a step; use "
    "grpo.logging_steps",
    "log_multimodal": "has no effect on text; leave it out",
    "max_tool_calling_iterations": "has no effect without tools; leave it out",
    "save_only_model": "would leave checkpoints that no run can be resumed from; lower "
    "grpo.save_total_limit to save disk",
    "enable_jit_checkpoint": "is not needed: a run that is sent SIGTERM writes a checkpoint",
    "ignore_data_skip": "would have a resumed run train on other problems; leave it out",
    "restore_callback_states_from_checkpoint": "has no effect; a resumed run restores everything",
    "auto_find_batch_size": "would break groups apart; lower grpo.per_device_train_batch_size",
    "use_transformers_paged": "is deprecated; use grpo.use_transformers_continuous_batching",
    "vllm_importance_sampling_cap": "is deprecated; use grpo.vllm_importance_sampling_clip_max",
    "do_train": "has no effect; leave it out",
    "do_predict": _NO_EVALUATION,
    "load_best_model_at_end": _OWN_BEST,
    "metric_for_best_model": _OWN_BEST,
    "greater_is_better": _OWN_BEST,
    **dict.fromkeys(
        (
            "do_eval", "eval_strategy", "eval_steps", "eval_delay", "per_device_eval_batch_size",
            "eval_on_start", "eval_do_concat_batches", "eval_use_gather_object",
            "eval_accumulation_steps", "prediction_loss_only", "include_for_metrics",
            "batch_eval_metrics", "bf16_full_eval", "fp16_full_eval", "num_generations_eval",
        ),
        _NO_EVALUATION,
    ),
    **dict.fromkeys(
        (
            "push_to_hub", "hub_token", "hub_private_repo", "hub_model_id", "hub_strategy",
            "hub_always_push", "hub_revision", "log_completions_hub_repo",
        ),
        _NO_HUB,
    ),
}  # fmt: skip
"""Fields that would be ignored, or break what the kit promises: why, and what to do instead."""

CONDITIONAL: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(
        (
            "vllm_mode", "vllm_model_impl", "vllm_enable_sleep_mode",
            "vllm_structured_outputs_regex", "vllm_server_base_url", "vllm_server_host",
            "vllm_server_port", "vllm_server_timeout", "vllm_group_port",
            "vllm_gpu_memory_utilization", "vllm_max_model_length", "vllm_tensor_parallel_size",
            "vllm_importance_sampling_correction", "vllm_importance_sampling_mode",
            "vllm_importance_sampling_clip_max", "vllm_importance_sampling_clip_min",
        ),
        ("use_vllm", True),
    ),
    "transformers_continuous_batching_config": ("use_transformers_continuous_batching", True),
    **dict.fromkeys(("sapo_temperature_neg", "sapo_temperature_pos"), ("loss_type", "sapo")),
    **dict.fromkeys(
        ("vespo_k_pos", "vespo_lambda_pos", "vespo_k_neg", "vespo_lambda_neg"),
        ("loss_type", "vespo"),
    ),
    **dict.fromkeys(
        ("entropy_coef_min", "entropy_coef_max", "entropy_coef_delta", "entropy_target"),
        ("use_adaptive_entropy", True),
    ),
    **dict.fromkeys(("ref_model_mixup_alpha", "ref_model_sync_steps"), ("sync_ref_model", True)),
    **dict.fromkeys(("num_completions_to_print", "log_unique_prompts"), ("log_completions", True)),
    **dict.fromkeys(("torch_compile_backend", "torch_compile_mode"), ("torch_compile", True)),
    "gradient_checkpointing_kwargs": ("gradient_checkpointing", True),
    "liger_kernel_config": ("use_liger_kernel", True),
    **dict.fromkeys(("sync_ref_model", "use_bias_correction_kl"), ("beta", "a number above 0")),
    "ds3_gather_for_generation": ("deepspeed", "a DeepSpeed config"),
    "fsdp_config": ("fsdp", "a sharding strategy"),
}  # fmt: skip
"""Fields that act only if another has a value: the other, and the value (words: any but none)."""

_HONOURED = """
per_device_train_batch_size num_train_epochs max_steps learning_rate lr_scheduler_type
lr_scheduler_kwargs warmup_steps optim optim_args weight_decay adam_beta1 adam_beta2
adam_epsilon optim_target_modules gradient_accumulation_steps average_tokens_across_devices
max_grad_norm bf16 fp16 tf32 gradient_checkpointing torch_compile use_liger_kernel use_cache
neftune_noise_alpha torch_empty_cache_steps logging_steps logging_first_step log_on_each_node
logging_nan_inf_filter log_level log_level_replica run_name project trackio_space_id
trackio_bucket_id trackio_static_space_id save_strategy save_steps save_on_each_node
save_total_limit full_determinism accelerator_config parallelism_config dataloader_drop_last
dataloader_num_workers dataloader_pin_memory dataloader_persistent_workers
dataloader_prefetch_factor dataloader_multiprocessing_context dataloader_in_order
ddp_find_unused_parameters ddp_bucket_cap_mb ddp_broadcast_buffers ddp_static_graph ddp_backend
ddp_timeout fsdp deepspeed debug skip_memory_metrics router_aux_loss_coef disable_dropout
cast_lm_head_to_fp32 num_generations max_completion_length shuffle_dataset pad_to_multiple_of
generation_batch_size steps_per_generation temperature top_p top_k min_p generation_kwargs
repetition_penalty use_vllm beta num_iterations epsilon delta epsilon_high
importance_sampling_level scale_rewards multi_objective_aggregation loss_type
mask_truncated_completions top_entropy_quantile entropy_coef use_adaptive_entropy
off_policy_mask_threshold log_completions use_transformers_continuous_batching
"""
HONOURED = frozenset(_HONOURED.split())
"""Fields that mean what TRL and transformers say."""


def keys_of_other_sampling(arguments: Any) -> list[str]:
    """Keys of ``grpo`` under which rollouts are not drawn by the kit's own sampler.

    Args:
        arguments: TRL's `GRPOConfig`.
    """
    unusual = {
        "use_vllm": arguments.use_vllm,
        "use_transformers_continuous_batching": arguments.use_transformers_continuous_batching,
        "generation_kwargs": arguments.generation_kwargs,
        "min_p": arguments.min_p,
        "repetition_penalty": arguments.repetition_penalty != 1.0,
    }
    return [key for key, set_ in unusual.items() if set_]


def check_places(data: Mapping[str, Any], own: Collection[str], source: str) -> None:
    """Refuse keys that stand on the wrong side of ``grpo``, with the place where they belong.

    Args:
        data: A run config as plain data.
        own: The keys of a run config itself.
        source: What to call the data, e.g. the file name.

    Raises:
        UserError: A key of ``grpo`` stands above it, or a key of the run config below.
    """
    for key in data:
        if key in own:
            continue
        if key in HONOURED or key in CONDITIONAL:
            raise UserError(f"{source}: Unknown config key {key!r}; did you mean 'grpo.{key}'?")
        if key in RESERVED:
            raise UserError(f"{source}: The config key {key} is set by {RESERVED[key]}; use that.")
        if key in REFUSED:
            raise UserError(f"{source}: The config key {key} {REFUSED[key]}.")
    grpo, fields = data.get("grpo"), {*HONOURED, *CONDITIONAL, *REFUSED, *RESERVED}
    for key in grpo if isinstance(grpo, Mapping) else ():
        if key in own and key not in fields:
            raise UserError(f"{source}: Unknown config key 'grpo.{key}'; did you mean {key!r}?")


def check_names(given: Mapping[str, Any]) -> None:
    """Refuse keys that are none, or are set by another key, without importing TRL.

    Args:
        given: The ``grpo`` section of a run config.

    Raises:
        UserError: An unknown key (the nearest one is named), or one that another key sets.
    """
    known = [*HONOURED, *CONDITIONAL, *REFUSED, *RESERVED]
    for key in given:
        if key in RESERVED:
            raise UserError(f"The config key grpo.{key} is set by {RESERVED[key]}; use that.")
        if key not in known:
            raise unknown_name("config key", f"grpo.{key}", [f"grpo.{k}" for k in known])


CHOICES: dict[str, tuple[str | bool, ...]] = {
    "scale_rewards": ("group", "batch", "none", True, False),
    "loss_type": (
        "grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo",
    ),
    "importance_sampling_level": ("token", "sequence"),
    "vllm_importance_sampling_mode": (
        "token_truncate", "token_mask", "sequence_truncate", "sequence_mask",
    ),
}  # fmt: skip
"""Values of fields that TRL looks at in the first step only; a test tries them on TRL."""


def check_values(given: Mapping[str, Any]) -> None:
    """Refuse values that TRL would refuse late, without importing it.

    Args:
        given: The ``grpo`` section of a run config.

    Raises:
        UserError: Groups of one rollout, or a value that is none of a field's `CHOICES`.
    """
    if given.get("num_generations") == 1:
        raise UserError(
            "The config key grpo.num_generations is 1, and GRPO compares the rollouts of a prompt "
            "with each other, so every advantage would be 0; set it to 2 or more, e.g. 8."
        )
    for key, choices in CHOICES.items():
        if key in given and given[key] not in choices:
            raise unknown_name(f"value of grpo.{key}", str(given[key]), [str(c) for c in choices])


def check_grpo_keys(
    given: Mapping[str, Any], defaults: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Refuse keys that would not do what they say.

    A key that is refused may still be given with the value that holds anyway.

    Args:
        given: The ``grpo`` section of a run config.
        defaults: Each known field of `GRPOConfig` with its default.
        values: What the run will use: the kit's defaults with `given` over them.

    Raises:
        UserError: An unknown key (the nearest one is named), one that another key sets, or one
            that would be ignored.
    """
    check_names(given)
    for key, value in given.items():
        if value == defaults[key] or (key == "eval_strategy" and value is False):
            continue
        if key in REFUSED:
            raise UserError(f"The config key grpo.{key} {REFUSED[key]}.")
        if key in CONDITIONAL:
            other, wanted = CONDITIONAL[key]
            now = values.get(other, defaults.get(other))
            if now != wanted if not isinstance(wanted, str) or " " not in wanted else not now:
                shown = str(wanted).lower() if isinstance(wanted, bool) else wanted
                raise UserError(
                    f"The config key grpo.{key} acts only if grpo.{other} is {shown}; set that "
                    f"too, or leave grpo.{key} out."
                )
    if values.get("save_strategy", "steps") not in ("steps", "no", "epoch"):
        raise UserError(
            f"The config key grpo.save_strategy is {values['save_strategy']!r}; it must be steps, "
            "epoch or no."
        )
