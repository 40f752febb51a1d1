"""Adapters loaded with their base: merged for sampling, apart for training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft import get_peft_model

from rl.policy.config import PolicyConfig
from rl.policy.load import load_policy, load_tokenizer, lora_config
from tagger.errors import UserError
from tests.world import World


@pytest.fixture(scope="module")
def adapter(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA of the world's policy that changes what it says."""
    folder = tmp_path_factory.mktemp("lora") / "adapter"
    model = get_peft_model(load_policy(str(world.model), device="cpu").model, lora_config({"r": 2}))
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                weights.normal_(0, 0.3)
    model.save_pretrained(folder)
    return folder


def test_adapter_is_merged_for_sampling_and_kept_for_training(world: World, adapter: Path) -> None:
    ids = torch.tensor([[5, 6, 7, 8]])
    config = PolicyConfig(model=str(adapter))
    base = load_policy(str(world.model), device="cpu").model(ids).logits
    merged = load_policy(config, device="cpu").model
    kept = load_policy(config, device="cpu", trains_adapter=True).model
    assert not hasattr(merged, "peft_config") and merged.dtype == torch.float32
    torch.testing.assert_close(merged(ids).logits, kept(ids).logits, atol=1e-4, rtol=1e-4)
    assert (merged(ids).logits - base).abs().max() > 0.01
    trained = [name for name, weights in kept.named_parameters() if weights.requires_grad]
    assert trained and all("lora_" in name for name in trained)


def test_adapter_of_another_model_is_refused_before_any_weights(adapter: Path) -> None:
    with pytest.raises(UserError, match="was trained on .*, not on overthinker; set model="):
        load_tokenizer(PolicyConfig(adapter=str(adapter)))


def test_packaged_policy_is_float32_bit_for_bit() -> None:
    from safetensors.torch import load_file

    policy = load_policy("overthinker", device="cpu")
    stored = load_file(f"{policy.path}/model.safetensors")
    loaded = policy.model.state_dict()
    assert all(torch.equal(loaded[name], weights) for name, weights in stored.items())


def test_a_name_that_is_no_folder_is_told_to_be_one_of_the_hub(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        UserError, match=r"of 'run/policy' \(no folder here, so a name on the Hub\):"
    ):
        load_tokenizer(PolicyConfig(model="run/policy"))


def test_a_folder_without_a_tokenizer_is_told_so(tmp_path: Path) -> None:
    config = '{"model_type": "qwen3", "vocab_size": 10, "hidden_size": 8, "num_hidden_layers": 1}'
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(UserError, match="has no tokenizer .tokenizer_config.json.; put it there"):
        load_tokenizer(PolicyConfig(model=str(tmp_path)))
