"""The ``grpo.vllm_*`` keys, checked before anything is loaded; TRL would find most out later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.sampling.vllm_policy import check_vllm_installed
from tagger.errors import UserError, unknown_name

ONLY_IN = {
    **dict.fromkeys(
        (
            "vllm_server_base_url", "vllm_server_host", "vllm_server_port", "vllm_server_timeout",
            "vllm_group_port",
        ),
        "server",
    ),
    **dict.fromkeys(
        (
            "vllm_gpu_memory_utilization", "vllm_max_model_length", "vllm_tensor_parallel_size",
            "vllm_enable_sleep_mode", "vllm_model_impl",
        ),
        "colocate",
    ),
}  # fmt: skip
"""Keys that act in one mode alone."""


def check_vllm_keys(given: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Refuse a run with vLLM where its keys contradict each other or the machine.

    Args:
        given: The ``grpo`` section of a run config, with ``use_vllm``.
        environment: Environment variables, by which a launcher says how many processes train.

    Raises:
        UserError: One of the keys cannot hold, or vLLM is not installed.
    """
    import torch

    check_vllm_installed("grpo.use_vllm")
    check_modes(given, gpu=torch.cuda.is_available())
    parallel, processes = given.get("vllm_tensor_parallel_size", 1), environment.get("WORLD_SIZE")
    if isinstance(parallel, int) and parallel > 0 and int(processes or 1) % parallel:
        raise UserError(
            f"grpo.vllm_tensor_parallel_size is {parallel}, which does not divide the "
            f"{processes or 1} processes that train; start as many as it divides, or lower it."
        )
    extra = given.get("generation_kwargs")
    if extra:
        check_sampling(extra, sampling_fields())


def check_modes(given: Mapping[str, Any], *, gpu: bool) -> None:
    """Refuse keys that do not act in the mode of the run.

    Args:
        given: As for `check_vllm_keys`.
        gpu: Whether there is one.

    Raises:
        UserError: A key would be ignored, or the mode cannot work.
    """
    mode = given.get("vllm_mode", "colocate")
    if mode not in ("colocate", "server"):
        raise unknown_name("value of grpo.vllm_mode", str(mode), ["colocate", "server"])
    for key, needed in ONLY_IN.items():
        if key in given and needed != mode:
            raise UserError(
                f"The config key grpo.{key} acts only if grpo.vllm_mode is {needed}, and it is "
                f"{mode}; set that, or leave grpo.{key} out."
            )
    if mode == "server" and not gpu:
        raise UserError(
            "grpo.vllm_mode is server, which sends weights by NCCL and needs a GPU, and there is "
            "none; leave it out (colocate)."
        )
    if given.get("use_transformers_continuous_batching"):
        raise UserError(
            "Both grpo.use_vllm and grpo.use_transformers_continuous_batching are set; leave one "
            "of them out."
        )
    if given.get("vllm_importance_sampling_correction", True):
        return
    for end in ("mode", "clip_max", "clip_min"):
        key = f"vllm_importance_sampling_{end}"
        if key in given:
            raise UserError(
                f"The config key grpo.{key} acts only if grpo.vllm_importance_sampling_correction "
                f"is true; set that too, or leave grpo.{key} out."
            )


def check_sampling(extra: Mapping[str, Any], known: Sequence[str]) -> None:
    """Refuse ``generation_kwargs`` that vLLM would not take, or should not.

    Args:
        extra: The key ``grpo.generation_kwargs``.
        known: Names of the fields of vLLM's `SamplingParams`.

    Raises:
        UserError: One of them.
    """
    if "seed" in extra:
        raise UserError(
            "grpo.generation_kwargs.seed would give all rollouts of a group the same tokens under "
            "grpo.use_vllm; leave it out: the key seed seeds every rollout."
        )
    if "n" in extra:
        raise UserError("grpo.generation_kwargs.n is set by grpo.num_generations; leave it out.")
    section = "grpo.generation_kwargs"
    for key in extra:
        if key not in known:
            valid = [f"{section}.{name}" for name in known]
            raise unknown_name("config key", f"{section}.{key}", valid)


def sampling_fields() -> tuple[str, ...]:
    """Names of the fields of vLLM's `SamplingParams`."""
    from vllm import SamplingParams

    return tuple(SamplingParams.__struct_fields__)


def check_model_length(wanted: int | None, prompt: int, completion: int) -> None:
    """Refuse a context of vLLM that a prompt and its completion would not fit into.

    Args:
        wanted: ``grpo.vllm_max_model_length``; None is the model's own context.
        prompt: Tokens of the longest prompt.
        completion: ``grpo.max_completion_length``.

    Raises:
        UserError: It is too short.
    """
    if wanted is not None and wanted < prompt + completion:
        raise UserError(
            f"grpo.vllm_max_model_length is {wanted}, but the longest prompt has {prompt} tokens "
            f"and grpo.max_completion_length is {completion}; set at least {prompt + completion}."
        )
