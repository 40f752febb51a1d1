"""Settings of a policy, and of a run and a comparison that hold them."""

from __future__ import annotations

import pytest

from rl.comparison.config import compare_config
from rl.policy.config import PolicyConfig, changed_settings, own_settings, policy_config
from rl.training.config import config_from_dict
from tagger.errors import UserError


def test_a_text_means_the_model() -> None:
    assert policy_config("owner/name") == PolicyConfig(model="owner/name")


def test_a_policys_own_keys_win_over_shared_ones() -> None:
    shared = compare_config({"system_prompt": "Be brief.", "dtype": "float32"})
    policy = policy_config({"model": "owner/name", "system_prompt": "Be long."}, shared)
    assert (policy.model, policy.system_prompt, policy.dtype) == (
        "owner/name", "Be long.", "float32",
    )  # fmt: skip
    assert policy_config("owner/name", shared).system_prompt == "Be brief."


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"revision": "main"}, "Policy a: A policy needs the key 'model'"),
        ({"model": "a/b", "revison": "main"}, "'revison'.*did you mean 'revision'"),
        ({"model": "a/b", "dtype": "int8"}, "dtype"),
        ({"model": "a/b", "prompt_template": "Answer."}, r"prompt_template names no \{question\}"),
    ],
)
def test_a_bad_key_is_named(value: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        policy_config(value, source="Policy a")


def test_a_run_holds_the_keys_of_its_policy_beside_model() -> None:
    run = config_from_dict(
        {"model": "a/b", "revision": "v1", "delimiters": {"open": "<t>", "close": "</t>"}}
    )
    assert changed_settings(run) == {
        "revision": "v1", "delimiters": {"open": "<t>", "close": "</t>"},
    }  # fmt: skip
    assert own_settings(run).named_delimiters is not None
    assert config_from_dict(run.to_dict()) == run


def test_template_options_under_grpo_are_read_as_the_policys() -> None:
    run = config_from_dict(
        {"grpo": {"chat_template_kwargs": {"enable_thinking": False}, "beta": 0}}
    )
    assert (run.chat_template_kwargs, run.grpo) == ({"enable_thinking": False}, {"beta": 0})
    with pytest.raises(UserError, match="keep chat_template_kwargs alone"):
        config_from_dict({"chat_template_kwargs": {"a": 1}, "grpo": {"chat_template_kwargs": {}}})
