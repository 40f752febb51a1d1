"""Bytes of optimiser states: against torch and transformers, by hand for 8 and 4 bits."""

from __future__ import annotations

from typing import Any

import pytest

from rl.scale.memory import memory_of
from rl.scale.optimiser import COUNTED, NOT_COUNTED, optimiser_note, state_bytes, trained_of
from rl.scale.shape import ModelShape
from rl.scale.strategies import BY_NAME
from rl.scale.workload import Workload, workload_of
from rl.training.config import config_from_dict
from tagger.errors import UserError

SHAPE = ModelShape("llama", 2, 8, 2, 1, 4, 16, 100, False)
LORA = {"r": 2, "target_modules": ["q_proj", "down_proj"]}


def work(lora: dict[str, Any] | None = None, **grpo: Any) -> Workload:
    config = config_from_dict({"lora": lora, "grpo": {"max_completion_length": 6, **grpo}})
    return workload_of(config, SHAPE, gpus=1, prompt_tokens=4)


def test_every_name_of_transformers_is_counted_or_said_not_to_be() -> None:
    from transformers.training_args import OptimizerNames

    names = [name.value for name in OptimizerNames]
    assert sorted([*COUNTED, *NOT_COUNTED]) == sorted(names)


@pytest.mark.parametrize(
    "grpo",
    [
        {},
        {"optim": "adamw_torch"},
        {"optim": "adagrad"},
        {"optim": "rmsprop"},
        {"optim": "rmsprop", "optim_args": "momentum=0.9, centered=True"},
        {"optim": "sgd"},
        {"optim": "sgd", "optim_args": "momentum=0.9"},
        {"optim": "adafactor"},
    ],
)
@pytest.mark.parametrize("lora", [None, LORA])
def test_states_are_those_that_the_optimiser_makes(
    grpo: dict[str, Any], lora: dict[str, Any] | None
) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments

    model: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=100, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=1, head_dim=4, intermediate_size=16, tie_word_embeddings=False,
        )
    )  # fmt: skip
    if lora is not None:
        model = get_peft_model(model, LoraConfig(**lora))
    arguments = TrainingArguments(output_dir="unused", use_cpu=True, report_to=[], **grpo)
    kind, settings = Trainer.get_optimizer_cls_and_kwargs(arguments, model)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = kind(trained, **settings)
    for parameter in trained:
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()
    tensors = [v for s in optimiser.state.values() for v in s.values() if torch.is_tensor(v)]
    assert work(lora, **grpo).state_bytes == sum(t.numel() * 4 for t in tensors if t.dim() > 0)


def test_few_bits_by_hand() -> None:
    """A block of 256 numbers at 8 bits has a float32 scale, one of 128 numbers at 4 bits, too."""
    trained = trained_of(SHAPE, {"r": 16, "target_modules": ["q_proj"]})
    assert trained.parameters == 2 * 16 * (8 + 8) == 512
    for name, blocks in (
        ("adamw_8bit", 2 * 2 * 260),
        ("adamw_torch_8bit", 2 * 2 * 260),
        ("paged_adamw_8bit", 2 * 2 * 260),
        ("adamw_torch_4bit", 2 * 4 * 68),
        ("lion_8bit", 2 * 260),
        ("ademamix_8bit", 3 * 2 * 260),
        ("lion_32bit", 512 * 4),
    ):
        assert state_bytes(name, None, trained) == blocks, name


def test_bitsandbytes_keeps_the_embedding_at_32_bits() -> None:
    whole = trained_of(SHAPE, None)
    rest = SHAPE.parameters - 800
    assert state_bytes("adamw_8bit", None, whole) == 2 * (800 * 4 + rest * 260 / 256)
    assert state_bytes("adamw_torch_8bit", None, whole) == 2 * (rest + 800) * 260 / 256


def test_the_plan_of_a_run_has_its_optimisers_states() -> None:
    for grpo, each in (({}, 8), ({"optim": "sgd"}, 0), ({"optim": "paged_lion_32bit"}, 4)):
        memory = memory_of(SHAPE, work(**grpo), BY_NAME["one_gpu"], 0)
        assert memory.update["optimiser states"] == each * SHAPE.parameters


def test_what_is_not_counted_is_taken_for_adamw_and_said() -> None:
    assert work(optim="galore_adamw").state_bytes == work().state_bytes
    assert "counted as AdamW's" in optimiser_note("galore_adamw")
    assert "move to the host" in optimiser_note("paged_adamw_8bit")
    assert optimiser_note("sgd") == ""
    with pytest.raises(UserError, match=r"Unknown optimiser in grpo.optim 'adamw_tourch'; did you"):
        work(optim="adamw_tourch")


@pytest.mark.parametrize("arguments", ["momentum", "momentum=much", {"momentum": 0.9}])
def test_arguments_that_are_no_pairs_are_named(arguments: Any) -> None:
    with pytest.raises(UserError, match=r"grpo.optim_args is .*; it must be pairs"):
        work(optim="sgd", optim_args=arguments)
