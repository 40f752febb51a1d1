"""What the numbers and switches of the ``grpo`` section may be, checked without importing TRL.

TRL and transformers take most values as they come: a learning rate of NaN, a temperature of 0, a
batch of none and a switch that is "no", which counts as on, begin a run and spoil it, or end it by
an error that names no key. A test holds the fields against those of the installed TRL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import inf
from typing import Annotated, Any, Literal

from annotated_types import Ge, Interval

from tagger.config.settings import Settings, check

Finite = Annotated[float, Interval(gt=-inf, lt=inf)]
Positive = Annotated[float, Interval(gt=0, lt=inf)]
NotNegative = Annotated[float, Interval(ge=0, lt=inf)]
Share = Annotated[float, Interval(ge=0, le=1)]
PositiveShare = Annotated[float, Interval(gt=0, le=1)]
Decay = Annotated[float, Interval(ge=0, lt=1)]
Number = Annotated[int, Ge(1)]
Port = Annotated[int, Interval(ge=1, le=65535)]


@dataclass
class GrpoValues(Settings):
    """Fields of TRL's `GRPOConfig` that are numbers or switches; None where TRL allows it.

    The defaults are no settings: what is left out is TRL's to fill in.
    """

    per_device_train_batch_size: Number = 1
    num_train_epochs: Positive = 1.0
    max_steps: Literal[-1] | Number = -1
    learning_rate: NotNegative = 0.0
    warmup_steps: NotNegative = 0.0
    weight_decay: NotNegative = 0.0
    adam_beta1: Decay = 0.0
    adam_beta2: Decay = 0.0
    adam_epsilon: NotNegative = 0.0
    gradient_accumulation_steps: Number = 1
    max_grad_norm: NotNegative | None = None
    neftune_noise_alpha: NotNegative | None = None
    torch_empty_cache_steps: Number | None = None
    logging_steps: NotNegative = 0.0
    save_steps: Finite = 0.0
    save_total_limit: int | None = None
    router_aux_loss_coef: NotNegative | None = None
    dataloader_num_workers: Annotated[int, Ge(0)] = 0
    dataloader_prefetch_factor: Number | None = None
    ddp_bucket_cap_mb: Number | None = None
    ddp_timeout: Number = 1
    num_generations: Number | None = None
    max_completion_length: Number | None = None
    generation_batch_size: Number | None = None
    steps_per_generation: Number | None = None
    num_iterations: Number = 1
    temperature: Positive = 1.0
    top_p: PositiveShare = 1.0
    top_k: Annotated[int, Ge(-1)] = 0
    min_p: Share | None = None
    repetition_penalty: Positive = 1.0
    beta: NotNegative = 0.0
    epsilon: NotNegative = 0.0
    epsilon_high: NotNegative | None = None
    delta: Positive | None = None
    top_entropy_quantile: Share = 1.0
    off_policy_mask_threshold: NotNegative | None = None
    entropy_coef: Finite = 0.0
    entropy_coef_min: Finite = 0.0
    entropy_coef_max: Finite = 0.0
    entropy_coef_delta: NotNegative = 0.0
    entropy_target: NotNegative = 0.0
    sapo_temperature_neg: Positive = 1.0
    sapo_temperature_pos: Positive = 1.0
    vespo_k_pos: NotNegative = 0.0
    vespo_lambda_pos: NotNegative = 0.0
    vespo_k_neg: NotNegative = 0.0
    vespo_lambda_neg: NotNegative = 0.0
    ref_model_mixup_alpha: Share = 1.0
    ref_model_sync_steps: Number = 1
    num_completions_to_print: Number | None = None
    vllm_server_port: Port = 1
    vllm_server_timeout: NotNegative = 0.0
    vllm_group_port: Port = 1
    vllm_gpu_memory_utilization: PositiveShare = 1.0
    vllm_max_model_length: Number | None = None
    vllm_tensor_parallel_size: Number = 1
    vllm_importance_sampling_clip_max: Positive | None = None
    vllm_importance_sampling_clip_min: NotNegative | None = None
    average_tokens_across_devices: bool = False
    bf16: bool | None = None
    fp16: bool = False
    tf32: bool | None = None
    gradient_checkpointing: bool = False
    torch_compile: bool = False
    use_liger_kernel: bool = False
    use_cache: bool = False
    logging_first_step: bool = False
    log_on_each_node: bool = False
    logging_nan_inf_filter: bool = False
    save_on_each_node: bool = False
    full_determinism: bool = False
    dataloader_drop_last: bool = False
    dataloader_pin_memory: bool = False
    dataloader_persistent_workers: bool = False
    dataloader_in_order: bool = False
    ddp_find_unused_parameters: bool | None = None
    ddp_broadcast_buffers: bool | None = None
    ddp_static_graph: bool | None = None
    skip_memory_metrics: bool = False
    disable_dropout: bool = False
    cast_lm_head_to_fp32: bool = False
    ds3_gather_for_generation: bool = False
    shuffle_dataset: bool | None = None
    use_vllm: bool = False
    vllm_enable_sleep_mode: bool = False
    vllm_importance_sampling_correction: bool = False
    mask_truncated_completions: bool = False
    sync_ref_model: bool = False
    use_adaptive_entropy: bool = False
    use_bias_correction_kl: bool = False
    log_completions: bool = False
    log_unique_prompts: bool = False
    use_transformers_continuous_batching: bool = False


@dataclass
class _Section(Settings):
    """So that sentences name keys as a run config does: ``grpo.beta``."""

    grpo: GrpoValues = field(default_factory=GrpoValues)


_KNOWN = frozenset(f.name for f in fields(GrpoValues))


def check_ranges(given: Mapping[str, Any]) -> None:
    """Refuse numbers and switches that no run can be made with.

    Args:
        given: The ``grpo`` section of a run config.

    Raises:
        UserError: A value of another type or out of its range; the key is named.
    """
    values = {key: value for key, value in given.items() if key in _KNOWN}
    if values:
        check(_Section, {"grpo": values})
