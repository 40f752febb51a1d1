"""The policy: a model folder resolved, its delimiters checked, then its weights loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rl.policy.allocator import keep_freed_memory
from rl.policy.config import PolicyConfig, policy_config
from rl.policy.precision import (
    SMALL_BYTES,
    check_quantization,
    device_of,
    quantization_config,
    resolve_dtype,
)
from rl.policy.prompts import Prompting
from rl.policy.source import OVERTHINKER, PACKAGED, PolicySource, resolve_model, resolve_policy
from tagger.errors import UserError, unknown_name
from tagger.thinking.end_tokens import end_token_ids
from tagger.thinking.split import ThinkingDelimiters, delimiters_from_tokenizer

__all__ = [
    "OVERTHINKER",
    "PACKAGED",
    "Policy",
    "checked_weight_bytes",
    "load_policy",
    "load_tokenizer",
    "lora_config",
    "resolve_model",
    "resolve_policy",
    "weight_bytes",
]


@dataclass(frozen=True)
class Policy:
    """A loaded policy.

    Attributes:
        model: Causal language model of transformers.
        tokenizer: Its tokenizer, padding on the left.
        delimiters: The thinking delimiters.
        path: What it was loaded from: a folder or a Hub name.
        prompting: How a question becomes a prompt.
    """

    model: Any
    tokenizer: Any
    delimiters: ThinkingDelimiters
    path: str
    prompting: Prompting = field(default_factory=Prompting)


TOKENIZER_FILES = ("tokenizer_config.json", "tokenizer.json")
"""A folder with neither has no tokenizer; for some models transformers makes up an empty one."""


def load_tokenizer(
    policy: str | PolicyConfig, delimiters: ThinkingDelimiters | None = None
) -> tuple[Any, ThinkingDelimiters]:
    """Load a tokenizer and its thinking delimiters, before any weights are loaded.

    Args:
        policy: Its settings, or the model's name.
        delimiters: In place of those of the settings; with neither, the tokenizer's own.

    Returns:
        The tokenizer (padding on the left, with a pad token) and the delimiters.

    Raises:
        UserError: It cannot be loaded, has no chat template, no end token or no delimiters, or
            its template cannot make the prompts that the settings ask for, such as those
            without thinking.
    """
    from transformers import AutoTokenizer

    config = policy_config(policy)
    source, name = resolve_policy(config), config.model
    folder = Path(_tokenizer_of(source))
    if folder.is_dir() and not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise UserError(
            f"The folder {folder} has no tokenizer (tokenizer_config.json); put it there, for "
            "prompts are made with its chat template."
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(_tokenizer_of(source), **_hub(config))
    except (OSError, ValueError, ImportError) as error:
        hub = "" if Path(source.model).is_dir() else " (no folder here, so a name on the Hub)"
        raise UserError(
            f"Cannot load the tokenizer of {name!r}{hub}: {_first_line(error)}."
        ) from error
    if tokenizer.chat_template is None:
        raise UserError(
            f"The tokenizer of {name!r} has no chat template; take a chat model, or put a template "
            "into its folder as chat_template.jinja."
        )
    if tokenizer.eos_token_id is None:
        raise UserError(f"The tokenizer of {name!r} has no end token; set its eos_token.")
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    Prompting.of(config).check(tokenizer, name)
    found = delimiters or config.named_delimiters or delimiters_from_tokenizer(tokenizer)
    if not config.thinking:
        from rl.policy.no_thinking import without_thinking

        prompting = Prompting.of(config)
        tokenizer.chat_template = without_thinking(tokenizer, found, prompting, name)
    return tokenizer, found


def load_policy(
    policy: str | PolicyConfig,
    delimiters: ThinkingDelimiters | None = None,
    device: str | None = None,
    *,
    trains_weights: bool = False,
    trains_adapter: bool = False,
) -> Policy:
    """Load a policy for training or sampling.

    Args:
        policy: Its settings, or the model's name.
        delimiters: As for `load_tokenizer`.
        device: Where to put the weights; if None the GPU of this process's local rank, or the CPU.
        trains_weights: The weights themselves will be trained.
        trains_adapter: The adapter will be trained; else it is merged into the weights (4-bit
            weights keep it apart).

    Returns:
        The policy, in evaluation mode.

    Raises:
        UserError: As `load_tokenizer`; the weights cannot be loaded; the device lacks the data
            type or the quantization.
    """
    config = policy_config(policy)
    tokenizer, delimiters = load_tokenizer(config, delimiters)
    import torch
    from transformers import AutoModelForCausalLM

    source = resolve_policy(config)
    device = device or device_of(torch.cuda.device_count(), os.environ)
    dtype = _dtype(config, source, device, trains_weights)
    options: dict[str, Any] = {"dtype": dtype, **_hub(config)}
    if config.attn_implementation is not None:
        options["attn_implementation"] = config.attn_implementation
    if config.quantization is not None:
        options |= {"quantization_config": quantization_config(dtype), "device_map": {"": device}}
    try:
        model = AutoModelForCausalLM.from_pretrained(source.model, **options)
    except (OSError, ValueError, ImportError) as error:
        raise UserError(f"Cannot load the model {config.model!r}: {_first_line(error)}.") from error
    if device == "cpu":
        keep_freed_memory()
    # Whoever generates with this model, or with what is trained from it, stops at the same tokens.
    model.generation_config.eos_token_id = _listed(end_token_ids(tokenizer, model))
    if config.quantization is None:
        model = model.to(device)
    if source.adapter is not None:
        merge = not trains_adapter and config.quantization is None
        model = _with_adapter(model, source.adapter, trains_adapter, merge)
    return Policy(model.eval(), tokenizer, delimiters, source.model, Prompting.of(config))


def check_device(config: PolicyConfig, gpus: int) -> None:
    """Refuse a data type or a quantization that the device lacks, before any weights are loaded.

    Args:
        config: The policy's settings.
        gpus: How many GPUs this process sees.

    Raises:
        UserError: The device lacks it.
    """
    _dtype(config, resolve_policy(config), device_of(gpus, os.environ), False)


def _dtype(config: PolicyConfig, source: PolicySource, device: str, trained: bool) -> Any:
    import torch

    return getattr(torch, dtype_name(config, source, device, trained=trained))


def dtype_name(
    config: PolicyConfig, source: PolicySource, device: str, *, trained: bool = False
) -> str:
    """Name of the data type that a policy's weights are loaded in.

    Args:
        config: The policy's settings.
        source: Its files.
        device: ``cpu`` or a GPU.
        trained: Whether the weights themselves are trained.

    Raises:
        UserError: The device lacks the type or the quantization.
    """
    import torch

    check_quantization(config.quantization, device)
    return resolve_dtype(
        config.dtype,
        device,
        bf16=device != "cpu" and torch.cuda.is_bf16_supported(including_emulation=False),
        small=0 < weight_bytes(source.model) < SMALL_BYTES,
        trained=trained,
    )


def _with_adapter(model: Any, adapter: str, trainable: bool, merge: bool) -> Any:
    from peft import PeftModel

    try:
        wrapped = PeftModel.from_pretrained(model, adapter, is_trainable=trainable)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"Cannot load the adapter {adapter}: {_first_line(error)}.") from error
    return wrapped.merge_and_unload() if merge else wrapped


def _tokenizer_of(source: PolicySource) -> str:
    """An adapter's own tokenizer, whose chat template it may have been trained with, comes first.

    Only a folder's is looked for.
    """
    own = source.adapter is not None and (Path(source.adapter) / "tokenizer_config.json").is_file()
    return str(source.adapter) if own else source.model


def _hub(config: PolicyConfig) -> dict[str, Any]:
    """What a Hub repository is asked for; nothing of it concerns a folder."""
    options: dict[str, Any] = {"trust_remote_code": config.trust_remote_code}
    if config.revision is not None:
        options["revision"] = config.revision
    return options


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _listed(ids: frozenset[int]) -> int | list[int]:
    """End tokens as a generation config holds them."""
    return min(ids) if len(ids) == 1 else sorted(ids)


def weight_bytes(path: str) -> int:
    """Size of a model folder's weight files; 0 for a Hub name."""
    folder = Path(path)
    if not folder.is_dir():
        return 0
    return sum(f.stat().st_size for p in ("*.safetensors", "*.bin") for f in folder.glob(p))


def checked_weight_bytes(path: str) -> int:
    """As `weight_bytes`, of a policy that will be loaded.

    Raises:
        UserError: It is a folder without weights.
    """
    size = weight_bytes(path)
    if not size and Path(path).is_dir():
        raise UserError(
            f"The model folder {path} holds no weights (*.safetensors, *.bin); put them there, or "
            "name another model."
        )
    return size


def lora_config(settings: Mapping[str, Any]) -> Any:
    """Build peft's `LoraConfig` for a causal language model.

    Args:
        settings: Its fields; ``target_modules`` defaults to all linear layers.

    Raises:
        UserError: An unknown field (the nearest valid one is suggested) or a bad value.
    """
    import dataclasses

    from peft import LoraConfig

    known = [f.name for f in dataclasses.fields(LoraConfig) if f.init]
    for key in settings:
        if key not in known:
            raise unknown_name("config key", f"lora.{key}", [f"lora.{k}" for k in known])
    try:
        return LoraConfig(
            **{"task_type": "CAUSAL_LM", "target_modules": "all-linear", **dict(settings)}
        )
    except (TypeError, ValueError) as error:
        raise UserError(f"In lora: {error}.") from error
