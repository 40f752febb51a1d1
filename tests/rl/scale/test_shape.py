"""Shapes of models: parameters, LoRA and cache, against transformers and by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rl.policy.config import DelimitersConfig, PolicyConfig
from rl.scale.models import architectures, check_thinking, shape_of
from rl.scale.shape import ModelShape, shape_from_config
from tagger.errors import UserError
from tagger.thinking.families import FAMILIES

SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"
OF_EACH_KIND = [
    SMOLLM2,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B",
    "Qwen/Qwen3-1.7B",
    "openai/gpt-oss-20b",
]


@pytest.mark.parametrize("name", architectures())
def test_parameters_are_those_of_the_models_card(name: str) -> None:
    entry = architectures()[name]
    counted = shape_of(PolicyConfig(model=name)).parameters
    assert counted == pytest.approx(entry.parameters, rel=0.005)
    assert entry.thinking in {"none", *(family.delimiters.open for family in FAMILIES)}


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_parameters_are_those_that_transformers_makes(name: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = architectures()[name].config | {"num_hidden_layers": 2}
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
    shape = shape_from_config(config, name)
    assert shape.parameters == sum(p.numel() for p in model.parameters())
    matrices = [p for p in model.parameters() if p.dim() > 1]
    counted = shape.matrices
    assert sum(a * b * n for a, b, n in counted) == sum(p.numel() for p in matrices)
    factors = sum(p.numel() // p.shape[-1] + p.numel() // p.shape[-2] for p in matrices)
    assert sum((a + b) * n for a, b, n in counted) == factors


def lora_parameters(shape: ModelShape, rank: int, *targets: list[str]) -> int:
    return sum(rows * columns * n for rows, columns, n in shape.lora_matrices(rank, *targets))


def test_lora_and_cache_by_hand() -> None:
    shape = shape_of(PolicyConfig(model=SMOLLM2))
    # r (in + out) of q, k, v, o, gate, up, down, in 30 layers; peft counts the same.
    each = 2 * (576 + 576) + 2 * (576 + 192) + 3 * (576 + 1536)
    assert lora_parameters(shape, 8) == 30 * 8 * each == 2_442_240
    assert lora_parameters(shape, 8, ["q_proj", "v_proj"]) == 30 * 8 * (1152 + 768)
    assert shape.cache_token_bytes(4) == 2 * 30 * 3 * 64 * 4
    with pytest.raises(UserError, match="'q_prj' in lora.target_modules|'q_prj'; did you mean"):
        shape.lora_matrices(8, ["q_prj"])


def test_experts_count_as_weights_and_not_as_layers_of_a_lora() -> None:
    shape = shape_of(PolicyConfig(model="openai/gpt-oss-20b"))
    assert shape.active_parameters < shape.parameters / 4
    assert set(shape.linears) == {"q_proj", "k_proj", "v_proj", "o_proj"}


def test_a_folder_is_read_and_a_name_without_entry_refused(tmp_path: Path) -> None:
    packaged = shape_of(PolicyConfig(model="overthinker"))
    assert (packaged.layers, packaged.hidden, packaged.tied) == (3, 128, True)
    with pytest.raises(UserError, match=r"Qwen3-1.8B is no folder, .*one of .*Qwen/Qwen3-1.7B"):
        shape_of(PolicyConfig(model="Qwen/Qwen3-1.8B"))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mamba2"}))
    with pytest.raises(UserError, match="of the type 'mamba2', which cannot be planned"):
        shape_of(PolicyConfig(model=str(tmp_path)))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", "hidden_size": "1"}))
    with pytest.raises(UserError, match="hidden_size '1'; it must be a number"):
        shape_of(PolicyConfig(model=str(tmp_path)))


def test_a_model_without_delimiters_needs_some() -> None:
    with pytest.raises(UserError, match="writes no thinking delimiters; name some"):
        check_thinking(PolicyConfig(model=SMOLLM2))
    check_thinking(PolicyConfig(model=SMOLLM2, delimiters=DelimitersConfig("<think>", "</think>")))
    check_thinking(PolicyConfig(model="Qwen/QwQ-32B"))
