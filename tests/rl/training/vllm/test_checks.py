"""Keys about vLLM: refused before anything is loaded where they contradict each other."""

from __future__ import annotations

from typing import Any

import pytest

from rl.training.vllm.checks import check_model_length, check_modes, check_sampling, check_vllm_keys
from tagger.errors import UserError

SERVER = {"use_vllm": True, "vllm_mode": "server"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"vllm_mode": "serve"}, "did you mean 'server'"),
        ({"vllm_server_host": "n1"}, "acts only if grpo.vllm_mode is server, and it is colocate"),
        ({**SERVER, "vllm_max_model_length": 9}, "acts only if grpo.vllm_mode is colocate"),
        ({"use_transformers_continuous_batching": True}, "leave one of them out"),
        (
            {"vllm_importance_sampling_correction": False, "vllm_importance_sampling_mode": "x"},
            "acts only if grpo.vllm_importance_sampling_correction is true",
        ),
    ],
)
def test_keys_that_contradict_the_mode_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        check_modes({"use_vllm": True} | given, gpu=True)
    assert str(error.value).endswith((".", "?"))


def test_a_server_needs_a_gpu() -> None:
    check_modes(SERVER | {"vllm_server_host": "n1"}, gpu=True)
    with pytest.raises(UserError, match="NCCL and needs a GPU.*leave it out"):
        check_modes(SERVER, gpu=False)
    check_modes({"use_vllm": True, "vllm_gpu_memory_utilization": 0.3}, gpu=False)


def test_vllm_must_be_installed_and_its_groups_divide_the_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rl.sampling.vllm_policy.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"grpo.use_vllm needs .*pip install"):
        check_vllm_keys({"use_vllm": True}, {})
    monkeypatch.setattr("rl.sampling.vllm_policy.find_spec", lambda _: object())
    four = {"use_vllm": True, "vllm_tensor_parallel_size": 4}
    check_vllm_keys(four, {"WORLD_SIZE": "8"})
    with pytest.raises(UserError, match="is 4, which does not divide the 6 processes"):
        check_vllm_keys(four, {"WORLD_SIZE": "6"})


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"seed": 1}, "same tokens under grpo.use_vllm"),
        ({"n": 4}, "grpo.num_generations"),
        ({"min_new_tokens": 4}, "did you mean 'grpo.generation_kwargs.min_tokens'"),
    ],
)
def test_sampling_parameters_that_vllm_would_not_take_are_refused(
    extra: dict[str, Any], words: str
) -> None:
    check_sampling({"min_tokens": 4}, ["min_tokens", "stop"])
    with pytest.raises(UserError, match=words):
        check_sampling(extra, ["min_tokens", "stop"])


def test_the_context_holds_the_longest_prompt_and_its_completion() -> None:
    check_model_length(None, 900, 900)
    check_model_length(1800, 900, 900)
    with pytest.raises(UserError, match="is 1799.*set at least 1800"):
        check_model_length(1799, 900, 900)
