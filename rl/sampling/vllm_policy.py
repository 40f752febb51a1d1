"""A policy under vLLM: what must hold before anything is loaded, and the engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from rl.policy.config import PolicyConfig, PolicySettings
from tagger.errors import UserError

if TYPE_CHECKING:
    from rl.sampling.decoding import SamplingSettings
    from rl.sampling.vllm_engine import VllmEngine

INSTALL = (
    'install it for a GPU with pip install "suffice[vllm]", for a CPU as '
    "docs/engines.md#vllm-on-a-cpu says"
)


def check_vllm_installed(key: str) -> None:
    """Refuse a key that asks for vLLM where it is not installed.

    Raises:
        UserError: It is not.
    """
    if find_spec("vllm") is None:
        raise UserError(f"{key} needs the package vllm, which is not installed; {INSTALL}.")


def check_vllm_settings(config: PolicySettings, workers: int) -> None:
    """Refuse settings that the engine would not honour.

    Args:
        config: Those of a policy.
        workers: Arms that are to run side by side.

    Raises:
        UserError: One of them has no effect there.
    """
    if workers > 1:
        raise UserError(
            f"workers is {workers}, and each would start a vLLM of its own on the same device; "
            "leave workers out under engine: vllm, which fills the device with one arm."
        )
    for name in ("attn_implementation", "quantization"):
        value = getattr(config, name)
        if value is not None:
            raise UserError(
                f"{name} is {value!r}, which is about transformers and has no effect under engine: "
                f"vllm; leave {name} out, or take another engine."
            )


def load_vllm_engine(
    config: PolicyConfig,
    settings: SamplingSettings,
    max_batch_tokens: int | None = None,
    max_rows: int = 256,
) -> VllmEngine:
    """Bind a policy to vLLM; weights are loaded with the first call.

    Args:
        config: The policy.
        settings: How tokens are drawn.
        max_batch_tokens: Most tokens of the cache of the rows that run at once; None takes what
            vLLM has.
        max_rows: Most rows at once.

    Raises:
        UserError: Its tokenizer or its config cannot be loaded.
        ValueError: Nothing names an end token.
    """
    import torch

    from rl.policy.load import dtype_name, load_tokenizer, resolve_policy
    from rl.policy.precision import device_of
    from rl.sampling.vllm_engine import VllmEngine, VllmModel

    tokenizer, delimiters = load_tokenizer(config)
    source = resolve_policy(config)
    merged = source.adapter is not None
    model = VllmModel(
        name=config.model,
        folder=lambda: model_folder(config),
        dtype=dtype_name(config, source, device_of(torch.cuda.device_count(), os.environ)),
        revision=None if merged else config.revision,
        trust_remote_code=config.trust_remote_code,
    )
    ends = _end_ids(config, source.model, tokenizer)
    return VllmEngine(model, tokenizer, delimiters, settings, ends, max_batch_tokens, max_rows)


@contextmanager
def model_folder(config: PolicyConfig) -> Iterator[str]:
    """Folder or Hub name that vLLM loads; an adapter is merged first, into a folder of its own.

    Args:
        config: The policy.
    """
    from rl.policy.load import load_policy, resolve_policy

    source = resolve_policy(config)
    if source.adapter is None:
        yield source.model
        return
    with TemporaryDirectory(prefix="suffice-vllm-") as folder:
        load_policy(config, device="cpu").model.save_pretrained(folder)
        yield folder


def _end_ids(config: PolicyConfig, path: str, tokenizer: Any) -> frozenset[int]:
    """The end tokens that `load_policy` would find, without the weights.

    Raises:
        UserError: The model's config cannot be loaded.
    """
    from transformers import AutoConfig, GenerationConfig

    from tagger.thinking.end_tokens import end_token_ids

    hub = {"revision": config.revision, "trust_remote_code": config.trust_remote_code}
    try:
        own = AutoConfig.from_pretrained(path, **hub)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(f"Cannot load the config of {config.model!r}: {reason}.") from error
    try:
        generation = GenerationConfig.from_pretrained(path, revision=config.revision)
    except (OSError, ValueError):  # a model need not bring one
        generation = None
    return end_token_ids(tokenizer, SimpleNamespace(config=own, generation_config=generation))
