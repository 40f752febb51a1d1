"""Memory part by part: by hand for a small model, and laws of splitting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rl.scale.activations import activation_bytes
from rl.scale.fit import advice, best_fit, fits_of, too_small
from rl.scale.memory import (
    GIB,
    PARTS,
    PROCESS_CPU,
    PROCESS_GPU,
    ROOM,
    TILE_COLUMNS,
    TILE_TOKENS,
    TILES_CPU,
    memory_of,
)
from rl.scale.resolve import Resolved, resolve
from rl.scale.shape import ModelShape
from rl.scale.strategies import BY_NAME, CPU, STRATEGIES, applicable
from rl.scale.workload import workload_of
from rl.training.config import config_from_dict

SMALL = ModelShape("llama", 2, 8, 2, 1, 4, 16, 100, True)
WEIGHTS = 100 * 8 + 8 + 2 * (2 * 8 * 8 + 2 * 8 * 4 + 3 * 8 * 16 + 2 * 8)


def run(gpus: int, lora: dict[str, Any] | None = None, **grpo: Any) -> Resolved:
    config = config_from_dict({"lora": lora, "grpo": {"max_completion_length": 6, **grpo}})
    return Resolved(SMALL, workload_of(config, SMALL, gpus=gpus, prompt_tokens=4), ())


def test_full_fine_tuning_on_a_cpu_by_hand() -> None:
    found = run(0, per_device_train_batch_size=8)
    memory = memory_of(SMALL, found.work, CPU, 0)
    twice = memory_of(SMALL, replace(found.work, accumulation=2), CPU, 0)
    assert twice.update["gradients"] == 4 * WEIGHTS  # those of the pass before
    assert memory.update["gradients"] == 0  # they grow as the activations go
    assert SMALL.parameters == WEIGHTS
    assert memory.update["process"] == PROCESS_CPU
    assert memory.update["weights"] == 4 * WEIGHTS
    assert memory.update["optimiser states"] == memory.generation["optimiser states"] == 8 * WEIGHTS
    assert "gradients" not in memory.generation and "KV cache" not in memory.update
    # 2 (keys, values) x 2 layers x 1 head of 4 x 4 bytes, for 8 rows of 4 + 6 tokens and room.
    assert memory.generation["KV cache"] == 8 * (10 + ROOM) * 2 * 2 * 4 * 4
    # 8 rows of 10 tokens by a vocabulary of 100, and the float32 gradient of the output layer.
    assert memory.update["logits"] == 80 * 4 * 100 * TILES_CPU + 100 * 8 * 4
    assert memory.peak == sum(memory.update.values()) and memory.phase == "update"
    assert set(memory.update) | set(memory.generation) <= set(PARTS)


def test_a_lora_trains_little_and_holds_its_base_in_half_precision_on_a_gpu() -> None:
    large = replace(SMALL, vocab=10_000_000)
    config = config_from_dict({"lora": {"r": 2}, "grpo": {"max_completion_length": 6}})
    work = workload_of(config, large, gpus=1, prompt_tokens=4)
    memory = memory_of(large, replace(work, accumulation=2), BY_NAME["one_gpu"], 0)
    adapter = 2 * 2 * (2 * 16 + 2 * 12 + 3 * 24)
    assert work.trainable == adapter
    assert memory.update["weights"] == 2 * large.parameters + 4 * adapter
    assert memory.update["gradients"] == 4 * adapter
    assert memory.update["process"] == PROCESS_GPU
    assert memory.update["logits"] == 80 * 2 * TILE_COLUMNS


def test_weights_are_held_as_the_config_says() -> None:
    for dtype, each in (("bfloat16", 2), ("float32", 4), ("auto", 4)):
        work = replace(run(1).work, dtype=dtype)
        assert memory_of(SMALL, work, BY_NAME["one_gpu"], 0).update["weights"] == each * WEIGHTS
    assert run(0).work.dtype == "auto"


def test_long_rows_work_in_tiles() -> None:
    found = run(0, max_completion_length=2000)
    update = memory_of(SMALL, found.work, CPU, 0).update
    assert update["logits"] == TILE_TOKENS * 4 * 100 * TILES_CPU + 100 * 8 * 4


def test_checkpointing_keeps_the_inputs_of_layers_and_one_layer_more() -> None:
    plain, saved = (
        activation_bytes(SMALL, run(0, gradient_checkpointing=on).work, 4.0) for on in (False, True)
    )
    tokens = 8 * 10
    layer = tokens * (6 * 8 + 4 * 8 + 4 * 16 + 10 + 2 + 2) * 4
    assert plain - saved == layer - 2 * tokens * 8 * 4


def test_what_is_split_adds_up_to_the_whole() -> None:
    keys: dict[str, Any] = {"bf16": False, "gradient_accumulation_steps": 2}
    alone = memory_of(SMALL, run(1, **keys).work, BY_NAME["one_gpu"], 0).update
    found = run(4, **keys)
    for strategy in STRATEGIES:
        update = memory_of(SMALL, found.work, strategy, 0).update
        split = {
            "weights": strategy.weights,
            "gradients": strategy.gradients,
            "optimiser states": strategy.optimizer,
        }
        for part, is_split in split.items():
            whole = 0 if strategy.offload and part != "gradients" else alone[part]
            buckets = whole if (strategy.name, part) == ("ddp", "gradients") else 0
            expected = whole / (4 if is_split else 1) + buckets
            assert update[part] == expected, (strategy.name, part)


def test_offloading_moves_weights_and_states_to_the_host() -> None:
    found = run(4, bf16=False)
    kept = memory_of(SMALL, found.work, BY_NAME["zero3"], 0)
    moved = memory_of(SMALL, found.work, BY_NAME["zero3_offload"], 0)
    assert moved.host == 4 * (kept.update["weights"] + kept.update["optimiser states"])
    assert moved.peak < kept.peak and kept.host == 0


def test_zero3_gathers_the_weights_to_generate_unless_told_not_to() -> None:
    for gathers in (True, False):
        found = run(2, ds3_gather_for_generation=gathers, bf16=False)
        memory = memory_of(SMALL, found.work, BY_NAME["zero3"], 0)
        assert memory.generation["gathered weights"] == 4 * WEIGHTS  # few parameters: all are live
    work = run(2, bf16=False).work
    fsdp = memory_of(SMALL, work, BY_NAME["fsdp2"], 0)
    assert fsdp.generation["gathered weights"] == 2 * 4 * SMALL.embedding_parameters


def test_a_sleeping_vllm_leaves_its_memory_to_the_update() -> None:
    keys = {"use_vllm": True, "vllm_gpu_memory_utilization": 0.25}
    awake = memory_of(SMALL, run(1, **keys).work, BY_NAME["one_gpu"], 8 * GIB)
    asleep = run(1, vllm_enable_sleep_mode=True, **keys)
    found = memory_of(SMALL, asleep.work, BY_NAME["one_gpu"], 8 * GIB)
    assert awake.update["vLLM"] == awake.generation["vLLM"] == 2 * GIB
    assert "vLLM" not in found.update and "KV cache" not in found.generation


def test_strategies_suit_the_number_of_gpus() -> None:
    assert [s.name for s in applicable(0)] == ["cpu"]
    assert [s.name for s in applicable(1)] == ["one_gpu", "zero3_offload"]
    assert {s.name for s in applicable(2)} == {"ddp", "zero2", "fsdp2", "zero3", "zero3_offload"}


@pytest.mark.parametrize(
    ("keys", "gpus", "memory"),
    [
        ({}, 1, 24.0),
        ({"use_vllm": True}, 1, 16.0),
        ({"use_vllm": True}, 2, 12.0),
        ({"per_device_train_batch_size": 64, "max_completion_length": 8192}, 1, 48.0),
        ({}, 1, 3.0),
    ],
)
def test_advice_is_tried_out(keys: dict[str, Any], gpus: int, memory: float) -> None:
    from tagger.config.settings import apply_overrides

    values = {"model": "Qwen/Qwen3-1.7B", "problems": {"source": "overthinker", "size": 40}}
    values["grpo"] = {"max_completion_length": 1024, **keys}

    def resolved(words: Any, number: int) -> Resolved:
        return resolve(config_from_dict(apply_overrides(values, words)), number)

    found = resolved((), gpus)
    fits = fits_of(found, memory)
    said = advice(found, memory, resolved)
    if best_fit(fits) is None and said.startswith("set "):
        words = said.removeprefix("set ").split()
        assert best_fit(fits_of(resolved(words, gpus), memory)) is not None
        assert f"does not fit: {said}"[-9:] in str(too_small(fits, "run", said))
    elif best_fit(fits) is None:
        assert said.startswith("take ")


def test_the_smallest_gpu_is_told_to_be_larger() -> None:
    found = run(1)
    assert best_fit(fits_of(found, 0.01)) is None
    said = advice(found, 0.01, lambda _words, _gpus: found)
    assert said == "take a GPU with more memory, or a smaller model"
    error = too_small(fits_of(found, 0.01), "a run", said)
    assert "a run does not fit: " in str(error) and str(error).endswith(f" may be used; {said}.")
