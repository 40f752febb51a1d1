"""What a run asks of every process at each step: rows, tokens, number formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from rl.policy.source import ADAPTER, PACKAGED, resolve_policy
from rl.scale.optimiser import DEFAULT, check_optimiser, state_bytes, trained_of
from rl.scale.shape import ModelShape
from rl.training.config import RunConfig
from tagger.errors import UserError
from tagger.files import read_json

TRL_DEFAULTS: dict[str, Any] = {
    "per_device_train_batch_size": 8,
    "gradient_accumulation_steps": 1,
    "num_iterations": 1,
    "num_generations": 8,
    "max_completion_length": 512,
    "num_train_epochs": 3.0,
    "max_steps": -1,
    "beta": 0.0,
    "use_vllm": False,
    "vllm_mode": "colocate",
    "vllm_gpu_memory_utilization": 0.3,
    "vllm_tensor_parallel_size": 1,
    "vllm_enable_sleep_mode": False,
    "gradient_checkpointing": True,
    "ds3_gather_for_generation": True,
    "optim": DEFAULT,
    "optim_args": None,
}
"""Fields of TRL's `GRPOConfig` that size follows from; a test holds them against TRL, whose import
takes several seconds."""

PROMPT_TOKENS = 256
"""Assumed for a prompt where nobody says better: a word problem with a chat template around it."""


@dataclass(frozen=True)
class Workload:
    """A run's sizes, for each process.

    Attributes:
        processes: Training processes, one a GPU (one on a CPU).
        on_gpu: Whether they train on GPUs.
        steps: Optimizer steps; None if the number of problems is not known yet.
        rows: Rows of a forward and backward pass on a process.
        accumulation: Passes of an optimizer step.
        generated: Rows that a process generates at once.
        reuse: Optimizer steps that a generation serves; below 1 where a step has several.
        generations: Rollouts of a group.
        prompt: Tokens of a prompt.
        completion: Most tokens of a completion.
        trainable: Parameters that are trained.
        lora: Whether they are an adapter's.
        optimiser: Name of what updates them.
        state_bytes: Bytes of its states, of all processes.
        dtype: The config key: ``auto``, or the format that weights are loaded in.
        four_bit: Whether the base's weights are held in 4 bits.
        half: Whether passes compute in bfloat16.
        checkpointing: Whether activations are computed anew in the backward pass.
        reference: Whether a frozen copy of the weights is kept for the KL term.
        vllm: ``colocate``, ``server`` or empty.
        vllm_share: Share of a GPU's memory that a colocated vLLM takes.
        vllm_parallel: GPUs over which a colocated vLLM splits its weights.
        vllm_sleeps: Whether it frees its memory while weights are updated.
        gathers: Whether ZeRO-3 collects all weights on each GPU to generate.
    """

    processes: int
    on_gpu: bool
    steps: int | None
    rows: int
    accumulation: int
    generated: int
    reuse: float
    generations: int
    prompt: int
    completion: int
    trainable: int
    lora: bool
    optimiser: str
    state_bytes: float
    dtype: str
    four_bit: bool
    half: bool
    checkpointing: bool
    reference: bool
    vllm: str
    vllm_share: float
    vllm_parallel: int
    vllm_sleeps: bool
    gathers: bool

    @property
    def rollouts(self) -> int:
        """Rollouts of an optimizer step, on all processes."""
        return self.processes * self.rows * self.accumulation

    @property
    def prompts(self) -> int:
        """Problems of an optimizer step."""
        return self.rollouts // self.generations

    @property
    def row_tokens(self) -> int:
        """Most tokens of a row."""
        return self.prompt + self.completion

    @property
    def tokens(self) -> int:
        """Most tokens of an optimizer step, prompts included, on all processes."""
        return self.rollouts * self.row_tokens


def workload_of(
    config: RunConfig,
    shape: ModelShape,
    *,
    gpus: int,
    prompt_tokens: int = PROMPT_TOKENS,
) -> Workload:
    """The sizes of a run.

    Args:
        config: Its config.
        shape: Its model.
        gpus: GPUs that train, one process each; 0 is one process on a CPU.
        prompt_tokens: Tokens of a prompt.

    Raises:
        UserError: The rollouts of a step cannot be split into groups, or prompt and completion do
            not fit into the context.
    """
    grpo = {**TRL_DEFAULTS, **config.grpo}
    processes = max(1, gpus)
    rows, accumulation = (
        _size(grpo, "per_device_train_batch_size"),
        _size(grpo, "gradient_accumulation_steps"),
    )
    generations, iterations = _size(grpo, "num_generations"), _size(grpo, "num_iterations")
    passes = _passes(grpo, rows, processes, accumulation)
    batch = rows * processes * passes
    _check_groups(batch, generations, rows, processes, passes)
    completion = _completion(config, grpo, shape, prompt_tokens)
    if grpo["use_vllm"] and grpo["vllm_mode"] == "colocate":
        _check_parallel(_size(grpo, "vllm_tensor_parallel_size"), processes, shape.heads)
    on_gpu = gpus > 0
    lora = config.lora if config.lora is not None else _own_adapter(config)
    adapter = lora is not None
    trained = trained_of(shape, lora)
    optimiser = check_optimiser(grpo["optim"])
    return Workload(
        processes=processes,
        on_gpu=on_gpu,
        steps=_steps(
            config,
            grpo,
            rows * processes * passes // generations,
            passes * iterations,
            accumulation,
        ),
        rows=rows,
        accumulation=accumulation,
        generated=rows * passes,
        reuse=passes * iterations / accumulation,
        generations=generations,
        prompt=prompt_tokens,
        completion=completion,
        trainable=trained.parameters,
        lora=adapter,
        optimiser=optimiser,
        state_bytes=state_bytes(optimiser, grpo["optim_args"], trained),
        dtype=config.dtype,
        four_bit=config.quantization is not None,
        half=on_gpu and config.grpo.get("bf16") is not False,
        checkpointing=bool(config.grpo.get("gradient_checkpointing", on_gpu)),
        reference=bool(grpo["beta"]) and not adapter,
        vllm=str(grpo["vllm_mode"]) if grpo["use_vllm"] else "",
        vllm_share=float(grpo["vllm_gpu_memory_utilization"]),
        vllm_parallel=_size(grpo, "vllm_tensor_parallel_size"),
        vllm_sleeps=bool(grpo["vllm_enable_sleep_mode"]),
        gathers=bool(grpo["ds3_gather_for_generation"]),
    )


def _size(grpo: Mapping[str, Any], key: str) -> int:
    value = grpo[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"The config key grpo.{key} is {value!r}; it must be a number from 1 on.")
    return value


def _passes(grpo: Mapping[str, Any], rows: int, processes: int, accumulation: int) -> int:
    """Passes that one generation serves, as `GRPOConfig` derives them."""
    if grpo.get("steps_per_generation") is not None:
        return _size(grpo, "steps_per_generation")
    if grpo.get("generation_batch_size") is None:
        return accumulation
    batch, each = _size(grpo, "generation_batch_size"), rows * processes
    if batch % each:
        raise UserError(
            f"grpo.generation_batch_size ({batch}) must be a multiple of "
            f"per_device_train_batch_size x processes ({rows} x {processes})."
        )
    return batch // each


def _check_groups(batch: int, generations: int, rows: int, processes: int, passes: int) -> None:
    if batch % generations:
        raise UserError(
            f"{processes} x {rows} rows x {passes} passes make {batch} rollouts of a generation, "
            f"which do not split into groups of {generations} (grpo.num_generations); change "
            "grpo.per_device_train_batch_size, grpo.gradient_accumulation_steps or the GPUs."
        )


def _check_parallel(parallel: int, processes: int, heads: int) -> None:
    """Refuse a vLLM that cannot be split so.

    Raises:
        UserError: The GPUs are no multiple of its parts, or the heads are not.
    """
    for number, what in ((processes, "training GPUs"), (heads, "attention heads of the model")):
        if number % parallel:
            raise UserError(
                f"grpo.vllm_tensor_parallel_size is {parallel}, which does not divide the {number} "
                f"{what}; set it to a number that does, e.g. 1."
            )


def _completion(config: RunConfig, grpo: Mapping[str, Any], shape: ModelShape, prompt: int) -> int:
    """The most tokens of a completion, as `rl.policy.context.completion_length` fills them in."""
    named = config.grpo.get("max_completion_length") is not None
    wanted = _size(grpo, "max_completion_length")
    if shape.context is None:
        return wanted
    left = shape.context - prompt
    if not named and config.model not in PACKAGED:
        wanted = left
    if left < max(1, wanted):
        raise UserError(
            f"The model {config.model} reads {shape.context} tokens, a prompt of {prompt} and "
            f"grpo.max_completion_length {wanted} are more; lower grpo.max_completion_length."
        )
    return wanted


def _steps(
    config: RunConfig, grpo: Mapping[str, Any], prompts: int, served: int, accumulation: int
) -> int | None:
    """Optimizer steps: those that are named, or the epochs' if the number of problems is known.

    Args:
        config: The run's config.
        grpo: Its section, with TRL's defaults.
        prompts: Problems of a generation; those of an epoch that make no whole one are left out.
        served: Passes that train on a generation.
        accumulation: Passes of a step; the last one of an epoch may have fewer.
    """
    if int(grpo["max_steps"]) > 0:
        return int(grpo["max_steps"])
    size = config.problems.size
    if size is None:
        return None
    epoch = max(1, ceil(size // max(1, prompts) * served / accumulation))
    return ceil(float(grpo["num_train_epochs"]) * epoch)


def _own_adapter(config: RunConfig) -> Mapping[str, Any] | None:
    """Settings of the adapter that a model comes with, which is trained further; None without."""
    adapter = resolve_policy(config).adapter
    if adapter is None:
        return None
    folder = Path(adapter)
    if not (folder / ADAPTER).is_file():
        raise UserError(
            f"The adapter {adapter} is no folder, and without a network its rank is not known; "
            "name a folder."
        )
    settings: Mapping[str, Any] = read_json(folder / ADAPTER, "name the folder of an adapter")
    return settings
