"""DeepSpeed's settings: read, refused where no policy would come of them, and set aside."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import rl.training.sharding as sharding
from rl.training.sharding import (
    check_deepspeed,
    read_deepspeed,
    uses_deepspeed,
    weights_in_parts,
)
from tagger.errors import UserError

CONFIG = Path(__file__).resolve().parents[3] / "configs" / "deepspeed" / "zero3.json"
LAUNCHED = {"LOCAL_RANK": "0"}
ACCELERATE = {"ACCELERATE_USE_DEEPSPEED": "true", "ACCELERATE_DEEPSPEED_ZERO_STAGE": "3"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "find_spec", lambda _: object())


def zero(**settings: Any) -> dict[str, Any]:
    return {"deepspeed": {"zero_optimization": settings}}


def test_settings_are_read_from_a_file_or_taken_as_they_are() -> None:
    settings = read_deepspeed(str(CONFIG))
    assert settings == json.loads(CONFIG.read_text()) == read_deepspeed(settings)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory; name a JSON file"),
        ("{stage: 3", "is no JSON"),
        ("[3]", "must be a JSON file or a mapping"),
        ('{"zero_optimization": 3}', "must be a JSON file or a mapping"),
    ],
)
def test_unreadable_settings_are_refused(tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "zero.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UserError, match=words):
        read_deepspeed(str(file))


def test_a_run_without_deepspeed_needs_none_of_it() -> None:
    check_deepspeed({}, {}, trains_adapter=False)


def test_deepspeed_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharding, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"pip install 'suffice\[deepspeed\]'"):
        check_deepspeed(zero(stage=2), LAUNCHED, trains_adapter=True)


@pytest.mark.usefixtures("installed")
def test_deepspeed_without_a_launcher_is_refused_with_the_command() -> None:
    with pytest.raises(UserError, match="torchrun --nproc-per-node N --no-python suffice train"):
        check_deepspeed(zero(stage=2), {}, trains_adapter=True)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("grpo", "environment", "remedy"),
    [
        (zero(stage=3), {}, "grpo.deepspeed.zero_optimization.stage3_gather"),
        (zero(stage="3"), {}, "grpo.deepspeed.zero_optimization.stage3_gather"),
        ({}, ACCELERATE, "zero3_save_16bit_model"),
    ],
)
def test_stage_3_that_saves_in_parts_is_refused_unless_an_adapter_is_trained(
    grpo: dict[str, Any], environment: dict[str, str], remedy: str
) -> None:
    with pytest.raises(UserError, match=remedy):
        check_deepspeed(grpo, LAUNCHED | environment, trains_adapter=False)
    check_deepspeed(grpo, LAUNCHED | environment, trains_adapter=True)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("grpo", "environment"),
    [
        ({"deepspeed": json.loads(CONFIG.read_text())}, {}),
        (zero(stage=2), {}),
        ({"deepspeed": {"bf16": {"enabled": True}}}, {}),
        ({}, ACCELERATE | {"ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL": "true"}),
        ({}, ACCELERATE | {"ACCELERATE_DEEPSPEED_ZERO_STAGE": "2"}),
    ],
)
def test_settings_that_save_the_whole_policy_are_taken(
    grpo: dict[str, Any], environment: dict[str, str]
) -> None:
    check_deepspeed(grpo, LAUNCHED | environment, trains_adapter=False)


@pytest.mark.parametrize(
    ("plugin", "fsdp", "environment", "parts"),
    [
        (None, [], {}, False),
        (object(), [], {}, True),
        (None, ["full_shard"], {}, True),
        (None, [], {"ACCELERATE_USE_FSDP": "true"}, True),
    ],
)
def test_weights_lie_in_parts_under_deepspeed_and_fsdp(
    plugin: Any, fsdp: list[str], environment: dict[str, str], parts: bool
) -> None:
    arguments = SimpleNamespace(deepspeed_plugin=plugin, fsdp=fsdp)
    assert weights_in_parts(arguments, environment) is parts


def test_a_launcher_can_ask_for_deepspeed() -> None:
    assert uses_deepspeed({}, ACCELERATE) and uses_deepspeed({"deepspeed": "x.json"}, {})
    assert not uses_deepspeed({"deepspeed": None}, {"ACCELERATE_USE_DEEPSPEED": "false"})


def test_a_share_that_is_not_finite_is_seen() -> None:
    import torch

    # A parameter of stage 3 is empty itself; its share is another tensor.
    parameter = torch.nn.Parameter(torch.empty(0))
    parameter.ds_tensor = torch.tensor([1.0, float("nan")])
    assert bool(parameter.isfinite().all())
    assert not bool(sharding.local_part(parameter).isfinite().all())
    assert sharding.local_part(torch.ones(2)).tolist() == [1.0, 1.0]


def test_settings_of_accelerate_launch_are_filled_in_from_the_runs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("deepspeed")
    from transformers import TrainingArguments
    from transformers.integrations import deepspeed as integration

    launched = ACCELERATE | {
        "ACCELERATE_DEEPSPEED_ZERO_STAGE": "2",
        "ACCELERATE_MIXED_PRECISION": "no",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29501",
        "RANK": "0",
        "LOCAL_RANK": "0",
        "WORLD_SIZE": "1",
    }
    for name, value in launched.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(integration, "_hf_deepspeed_config_weak_ref", None)
    arguments = TrainingArguments(
        str(tmp_path), use_cpu=True, bf16=False, per_device_train_batch_size=4, max_grad_norm=0.2
    )
    filled = sharding._filled_in(arguments).config
    assert filled["train_micro_batch_size_per_gpu"] == 4 and filled["gradient_clipping"] == 0.2
    own = arguments.deepspeed_plugin.hf_ds_config.config
    assert own["train_micro_batch_size_per_gpu"] == "auto"  # the trainer does it once more
    assert integration._hf_deepspeed_config_weak_ref() is not None
