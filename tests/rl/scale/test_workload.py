"""Sizes of a run by its config: rollouts, tokens, steps, and splits that cannot be."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from rl.scale.resolve import resolve
from rl.scale.workload import TRL_DEFAULTS, Workload
from rl.training.config import config_from_dict
from tagger.errors import UserError


def work(
    gpus: int = 0, lora: dict[str, Any] | None = None, size: int = 40, **grpo: Any
) -> Workload:
    values = {"model": "Qwen/Qwen3-1.7B", "grpo": {"max_completion_length": 100, **grpo}}
    values |= {"lora": lora, "problems": {"source": "overthinker", "size": size}}
    return resolve(config_from_dict(values), gpus, prompt_tokens=20).work


def test_defaults_are_those_of_trl() -> None:
    from trl import GRPOConfig

    theirs = {f.name: f.default for f in dataclasses.fields(GRPOConfig)}
    assert {key: theirs[key] for key in TRL_DEFAULTS} == TRL_DEFAULTS


def test_rollouts_prompts_and_tokens_by_hand() -> None:
    found = work(gpus=2, per_device_train_batch_size=4, gradient_accumulation_steps=6)
    assert (found.rollouts, found.prompts, found.generated) == (48, 6, 24)
    assert found.tokens == 48 * 120
    assert found.steps == 3 * (40 // 6)
    assert work(max_steps=7).steps == 7
    reused = work(gradient_accumulation_steps=2, steps_per_generation=4, num_iterations=3)
    assert (reused.generated, reused.reuse) == (32, 6)
    # 40 // 4 generations an epoch, each 4 batches 3 times, 2 batches a step.
    assert reused.steps == 3 * (10 * 4 * 3 // 2)
    often = work(gradient_accumulation_steps=4, steps_per_generation=1)
    assert (often.generated, often.reuse) == (8, 0.25)


@pytest.mark.parametrize(
    ("grpo", "steps"),
    [
        # 40 problems, 1 of them a generation of 8 rollouts.
        ({"num_train_epochs": 1}, 40),
        ({"num_train_epochs": 1, "num_iterations": 2}, 80),
        ({"num_train_epochs": 1, "gradient_accumulation_steps": 3, "steps_per_generation": 1}, 14),
        ({"num_train_epochs": 1, "steps_per_generation": 3}, 13 * 3),  # of 3 problems
        ({"num_train_epochs": 0.29, "gradient_accumulation_steps": 2}, 6),  # 5.8 of 20
    ],
)
def test_steps_of_epochs_are_those_of_the_trainer(grpo: dict[str, Any], steps: int) -> None:
    """As transformers counts the passes of TRL's sampler, and those of an epoch's last step."""
    assert work(**grpo).steps == steps


def test_formats_follow_the_device() -> None:
    cpu, gpu = work(), work(gpus=1)
    assert (cpu.half, cpu.checkpointing) == (False, False)
    assert (gpu.half, gpu.checkpointing) == (True, True)
    assert work(gpus=1, bf16=False).half is False


def test_what_is_trained() -> None:
    assert work().trainable == 1_720_574_976
    # 28 layers of r (in + out): q 4096, k and v 3072 each, o 4096, three of 8192.
    found = work(lora={"r": 2})
    assert found.trainable == 28 * 2 * (2 * 4096 + 2 * 3072 + 3 * 8192)
    assert work(beta=0.1).reference and not work(beta=0.1, lora={}).reference


def test_training_of_an_adapter_goes_on(tmp_path: Path) -> None:
    settings = {"base_model_name_or_path": "Qwen/Qwen3-1.7B", "r": 4, "target_modules": ["q_proj"]}
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings))
    values = {"model": str(tmp_path), "problems": {"source": "overthinker", "size": 40}}
    values["grpo"] = {"max_completion_length": 100}
    found = resolve(config_from_dict(values), 0)
    assert (found.work.lora, found.work.trainable) == (True, 28 * 4 * (2048 + 2048))
    with pytest.raises(UserError, match="Cannot load the adapter .owner/lora"):
        resolve(
            config_from_dict({**values, "model": "Qwen/Qwen3-1.7B", "adapter": "owner/lora"}), 0
        )


def test_splits_that_cannot_be_are_refused() -> None:
    with pytest.raises(UserError, match="3 x 4 rows x 1 passes make 12 .* groups of 8"):
        work(gpus=3, per_device_train_batch_size=4)
    with pytest.raises(UserError, match=r"generation_batch_size \(20\) must be a multiple"):
        work(generation_batch_size=20)
    with pytest.raises(UserError, match="reads 40960 tokens, a prompt of 20 and .* 50000 are more"):
        work(max_completion_length=50_000)
    with pytest.raises(UserError, match="lora.r is 0"):
        work(lora={"r": 0})


def test_the_context_is_left_to_a_completion_without_length() -> None:
    values = {"model": "Qwen/Qwen3-1.7B", "problems": {"source": "gsm8k", "split": "train"}}
    found = resolve(config_from_dict(values), 0, prompt_tokens=20).work
    assert (found.completion, found.steps) == (40_940, None)


def test_a_split_that_a_named_set_lacks_is_refused() -> None:
    values = {"model": "Qwen/Qwen3-1.7B", "problems": {"source": "gsm8k", "split": "trian"}}
    with pytest.raises(UserError, match="split of gsm8k 'trian'; did you mean 'train'"):
        resolve(config_from_dict(values), 0)
