"""Keys of GRPOConfig: every one is classified, none is accepted and ignored."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

import pytest
from trl import GRPOConfig
from trl.trainer import grpo_trainer

from rl.training.config import config_from_dict
from rl.training.grpo.keys import CHOICES, CONDITIONAL, HONOURED, REFUSED, RESERVED, check_grpo_keys
from rl.training.grpo_config import DEFAULTS
from tagger.errors import UserError

FIELDS = {f.name: f.default for f in dataclasses.fields(GRPOConfig) if f.init}


def check(given: dict[str, Any]) -> None:
    check_grpo_keys(given, FIELDS, DEFAULTS | {"gradient_checkpointing": False} | given)


def test_every_field_stands_in_exactly_one_list() -> None:
    lists = [*RESERVED, *REFUSED, *CONDITIONAL, *HONOURED]
    assert sorted(lists) == sorted(FIELDS)


def test_conditions_name_fields_that_are_honoured() -> None:
    others = {other for other, _ in CONDITIONAL.values()}
    assert others - {"sync_ref_model"} <= HONOURED


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model_init_kwargs": {"dtype": "bfloat16"}}, "name it by the key model"),
        ({"cache_implementation": "static"}, "grpo.generation_kwargs.cache_implementation"),
        ({"remove_unused_columns": True}, "built from the key problems"),
        ({"eval_strategy": "steps"}, "run 'suffice evaluate'"),
        ({"load_best_model_at_end": True}, "the keys eval_problems and accuracy_floor"),
        ({"push_to_hub": True}, "upload the policy folder yourself"),
        ({"save_only_model": True}, "no run can be resumed from"),
        ({"trust_remote_code": True}, "never allowed"),
        ({"save_strategy": "best"}, "must be steps, epoch or no"),
        ({"seed": 3}, "is set by seed; use that"),
        ({"vllm_mode": "server"}, "acts only if grpo.use_vllm is true"),
        ({"vespo_k_pos": 1.0}, "acts only if grpo.loss_type is vespo"),
        ({"sync_ref_model": True}, "acts only if grpo.beta is a number above 0"),
        ({"ref_model_sync_steps": 8, "beta": 0.1}, "acts only if grpo.sync_ref_model is true"),
        ({"gradient_checkpointing_kwargs": {}}, "acts only if grpo.gradient_checkpointing"),
        ({"lerning_rate": 1}, "did you mean 'grpo.learning_rate'"),
    ],
)
def test_keys_that_would_be_ignored_are_refused_with_the_remedy(
    given: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words) as error:
        check(given)
    assert "\n" not in str(error.value) and str(error.value).endswith((".", "?"))


@pytest.mark.parametrize("key", sorted(set(REFUSED) | set(CONDITIONAL)))
def test_the_value_that_holds_anyway_may_be_given(key: str) -> None:
    check({key: FIELDS[key]})


@pytest.mark.parametrize(
    "given",
    [
        {"eval_strategy": False},  # how YAML reads `no`
        {"vllm_mode": "server", "use_vllm": True},
        {"loss_type": "sapo", "sapo_temperature_pos": 2.0},
        {"sync_ref_model": True, "beta": 0.1, "ref_model_sync_steps": 8},
        {"gradient_checkpointing": True, "gradient_checkpointing_kwargs": {}},
        {"learning_rate": 1e-5, "scale_rewards": "group"},
    ],
)
def test_keys_that_act_are_taken(given: dict[str, Any]) -> None:
    check(given)


def test_unknown_key_is_refused_when_a_config_is_built_before_trl_is_imported() -> None:
    with pytest.raises(UserError, match="did you mean 'grpo.max_steps'"):
        config_from_dict({"grpo": {"max_step": 5}, "problems": {"source": "overthinker"}})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"learning_rate": 1e-5}, "Unknown config key 'learning_rate'; did you mean 'grpo.learn"),
        ({"vllm_mode": "colocate"}, "did you mean 'grpo.vllm_mode'"),
        ({"output_dir": "x"}, "The config key output_dir is set by output; use that"),
        ({"resume_from_checkpoint": "x"}, "is set by --resume; use that"),
        ({"eval_steps": 5}, "The config key eval_steps has no effect; evaluate during training"),
        ({"grpo": {"model": "m"}}, "Unknown config key 'grpo.model'; did you mean 'model'?"),
        ({"grpo": {"lora": {"r": 8}}}, "did you mean 'lora'?"),
        ({"grpo": {"thinking_budget": 8}}, "did you mean 'thinking_budget'?"),
        ({"grpo": {"seed": 1}}, "The config key grpo.seed is set by seed; use that"),
    ],
)
def test_keys_on_the_wrong_side_of_grpo_are_told_their_place(
    data: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        config_from_dict(data, "file.yaml")


def test_groups_of_one_are_refused_when_a_config_is_built() -> None:
    with pytest.raises(UserError, match=r"grpo.num_generations is 1, .*; set it to 2 or more"):
        config_from_dict({"grpo": {"num_generations": 1}})


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("scale_rewards", "grp", "value of grpo.scale_rewards 'grp'; did you mean 'group'"),
        ("loss_type", "dr_grp", "did you mean 'dr_grpo'"),
        ("importance_sampling_level", "tokens", "did you mean 'token'"),
        ("vllm_importance_sampling_mode", "mask", "'mask'; .*token_mask"),
    ],
)
def test_values_that_trl_refuses_in_the_first_step_are_refused_at_once(
    key: str, value: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        config_from_dict({"grpo": {key: value}})


@pytest.mark.parametrize("key", CHOICES)
def test_choices_are_those_of_trl(key: str) -> None:
    source = inspect.getsource(grpo_trainer)
    assert FIELDS[key] in CHOICES[key]
    words = [choice for choice in CHOICES[key] if isinstance(choice, str)]
    assert [word for word in words if f'"{word}"' not in source] in ([], ["none"])
    for word in words:
        config_from_dict({"grpo": {key: word}})
