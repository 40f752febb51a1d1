"""Activations: the count against what torch's saved-tensor hooks see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rl.scale.activations import (
    AUTOCAST,
    AUTOCAST_LORA,
    BFLOAT16,
    FLOAT32,
    FLOAT32_LORA,
    Format,
    format_of,
    layer_bytes,
)
from rl.scale.shape import shape_from_config
from rl.scale.workload import workload_of
from rl.training.config import config_from_dict

ROWS, TOKENS = 2, 30  # not 64 together, or activations would pass for copies of weights


def config_of(kind: str, layers: int) -> dict[str, Any]:
    return {
        "model_type": kind, "hidden_size": 64, "num_attention_heads": 8, "head_dim": 16,
        "num_key_value_heads": 2, "intermediate_size": 176, "vocab_size": 100,
        "num_hidden_layers": layers, "tie_word_embeddings": True, "max_position_embeddings": 64,
    }  # fmt: skip


def saved_bytes(kind: str, layers: int, dtype: Any, autocast: bool, lora: bool) -> float:
    """Bytes a token of all storages that a forward pass keeps, parameters aside."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(**config_of(kind, layers))
    model: Any = AutoModelForCausalLM.from_config(config).to(dtype)
    backbone = model.model
    if lora:
        adapted = get_peft_model(
            model, LoraConfig(r=1, target_modules="all-linear", task_type="CAUSAL_LM")
        )
        adapted.enable_input_require_grads()
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    weights = {tuple(sorted(p.shape)) for p in model.parameters() if p.dim() == 2}
    seen: dict[int, int] = {}
    kept: list[torch.Tensor] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        copied = autocast and tuple(sorted(tensor.shape)) in weights  # cast once, for all tokens
        if storage.data_ptr() not in own and not copied:
            seen[storage.data_ptr()] = storage.nbytes()
            kept.append(tensor)
        return tensor

    ids = torch.ones(ROWS, TOKENS, dtype=torch.long)
    mask = ids.clone()
    mask[0, 0] = 0  # a padded row, as in every batch of rollouts
    with (
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=autocast),
    ):
        backbone(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state.sum()
    return sum(seen.values()) / (ROWS * TOKENS)


FORMATS = [
    (FLOAT32, False, False, False),
    (FLOAT32_LORA, False, False, True),
    (AUTOCAST, False, True, False),
    (AUTOCAST_LORA, True, True, True),
    (BFLOAT16, True, False, False),
]


@pytest.mark.parametrize(("kind", "half", "autocast", "lora"), FORMATS)
def test_a_layer_keeps_what_is_counted(
    kind: Format, half: bool, autocast: bool, lora: bool
) -> None:
    import torch

    dtype = torch.bfloat16 if half else torch.float32
    for model in ("llama", "qwen3"):
        shape = shape_from_config(config_of(model, 3), model)
        two, three = (saved_bytes(model, layers, dtype, autocast, lora) for layers in (2, 3))
        counted = layer_bytes(shape, TOKENS, kind)
        adapters = 7 * kind.number if lora else 0  # what their first halves, of rank 1, put out
        assert three - two == counted + adapters, model


def test_the_format_follows_weights_and_passes() -> None:
    shape = shape_from_config(config_of("llama", 2), "x")
    config = config_from_dict({"grpo": {"max_completion_length": 8}})
    work = workload_of(config, shape, gpus=1, prompt_tokens=8)
    adapter = replace(work, lora=True)
    assert format_of(work, 4.0) == AUTOCAST and format_of(work, 2.0) == BFLOAT16
    assert format_of(adapter, 2.0) == AUTOCAST_LORA
    plain = replace(work, half=False), replace(adapter, half=False)
    assert [format_of(one, 4.0) for one in plain] == [FLOAT32, FLOAT32_LORA]
