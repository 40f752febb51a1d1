"""Seconds of a step by hand, and cards by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rl.scale.cards import Card, card_named, card_of_size, cards
from rl.scale.duration import ARITHMETIC, LAUNCH, READING, seconds_of
from rl.scale.shape import ModelShape
from rl.scale.strategies import BY_NAME
from rl.scale.workload import workload_of
from rl.training.config import config_from_dict
from tagger.errors import UserError

SHAPE = ModelShape("llama", 10, 1000, 10, 10, 100, 1000, 1000, True)
CARD = Card(memory=80, tflops=1.0, bandwidth=1.0)


def test_seconds_by_hand() -> None:
    grpo = {"max_completion_length": 50, "per_device_train_batch_size": 8, "bf16": False}
    config = config_from_dict({"grpo": {**grpo, "gradient_accumulation_steps": 2}})
    work = workload_of(config, SHAPE, gpus=1, prompt_tokens=10)
    found = seconds_of(SHAPE, work, BY_NAME["one_gpu"], CARD)
    weights = SHAPE.parameters
    cache = 2 * 10 * 10 * 100 * 4
    read = 50 * (4 * weights + 16 * 35 * cache) / (READING * 1e9)
    assert found["generation"] == pytest.approx(read + 2 * weights * 16 * 10 / (ARITHMETIC * 1e12))
    attention = 10 * 10 * 100 * 60
    assert found["update"] == pytest.approx(
        16 * 60 * 8 * (weights + attention) / (ARITHMETIC * 1e12)
    )
    assert found["optimiser"] == pytest.approx(28 * weights / (READING * 1e9))
    for reuse in (2, 0.25):  # of 0.25 a step has four
        other = replace(work, reuse=reuse)
        assert seconds_of(SHAPE, other, BY_NAME["one_gpu"], CARD)["generation"] == pytest.approx(
            found["generation"] / reuse
        )


def test_a_fast_card_waits_for_kernels_and_vllm_does_not() -> None:
    fast = Card(memory=80, tflops=1e6, bandwidth=1e6)
    config = config_from_dict({"grpo": {"max_completion_length": 50}})
    work = workload_of(config, SHAPE, gpus=1, prompt_tokens=10)
    found = seconds_of(SHAPE, work, BY_NAME["one_gpu"], fast)["generation"]
    assert found == pytest.approx(50 * 10 * LAUNCH, rel=1e-3)
    with_vllm = replace(work, vllm="colocate")
    assert seconds_of(SHAPE, with_vllm, BY_NAME["one_gpu"], fast)["generation"] < found / 10


def test_offloaded_weights_come_from_the_host_for_every_pass() -> None:
    config = config_from_dict({"grpo": {"max_completion_length": 50}})
    work = workload_of(config, SHAPE, gpus=1, prompt_tokens=10)
    kept, moved = (
        seconds_of(SHAPE, work, BY_NAME[name], CARD)["update"]
        for name in ("zero3", "zero3_offload")
    )
    assert moved - kept == pytest.approx(3 * 2 * SHAPE.parameters / 20e9)


def test_cards() -> None:
    assert card_named("h200").memory == 141 and "cpu" in cards()
    assert card_of_size(80) == "a100-80" and card_of_size(22.5) == "a10g"
    with pytest.raises(UserError, match="Unknown GPU 'h10'; did you mean 'h100'"):
        card_named("h10")
