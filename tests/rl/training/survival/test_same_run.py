"""A run resumes as the one that was stopped, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.problems.problem import Problem
from rl.training.survival.same_run import MadeOf, check_same_run, problems_digest, sharding_of
from tagger.errors import UserError

CHECKPOINT = Path("runs/a/checkpoints/checkpoint-6")
MADE = MadeOf(
    config={"grpo.learning_rate": 0.001, "model": "here", "output": "runs/a", "lora": None},
    model="abc",
    audit_tagger=None,
    problems="123",
    eval_problems="",
    processes=2,
    sharding="none",
    versions={"torch": "2.13.0", "trl": "1.16.0"},
)


def saved(**changes: Any) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(json.dumps(replace(MADE, **changes).state_dict()))
    return state


def test_the_same_run_resumes_without_a_word() -> None:
    assert check_same_run(saved(), MADE, CHECKPOINT) is None


def test_a_checkpoint_of_an_earlier_version_is_not_judged() -> None:
    assert check_same_run({}, MADE, CHECKPOINT) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"processes": 4}, "made by 4 processes, and now there are 2, .*; start 4, or begin"),
        ({"sharding": "zero3"}, "with the sharding zero3, and this start asks for none"),
        ({"model": "abd"}, "The weights of the model of runs/a/config.yaml are not those"),
        ({"model": None}, "The weights of the model"),
        ({"audit_tagger": "f"}, "The contents of the audit tagger"),
        ({"problems": "124"}, "The problems of runs/a/config.yaml are not those"),
        ({"eval_problems": "1"}, "The eval_problems of"),
        (
            {"config": MADE.config | {"grpo.learning_rate": 0.002}},
            "runs/a/config.yaml has grpo.learning_rate 0.001, and the checkpoint "
            "runs/a/checkpoints/checkpoint-6 was made with 0.002; put it back",
        ),
        ({"config": MADE.config | {"lora.r": 8}}, "has lora.r None, and .* made with 8"),
        ({"config": {"model": "here"}}, "has grpo.learning_rate 0.001, and .* made with None"),
    ],
)
def test_what_would_change_the_weights_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words) as refused:
        check_same_run(saved(**changes), MADE, CHECKPOINT)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "key", ["output", "report_to", "model", "problems.source", "keep_rollouts.every", "tagger",
            "grpo.save_total_limit"],
)  # fmt: skip
def test_what_changes_no_weights_may_be_edited(key: str) -> None:
    before = saved(config=MADE.config | {key: "other"})
    assert check_same_run(before, MADE, CHECKPOINT) is None


def test_another_model_whose_weights_cannot_be_compared_is_refused() -> None:
    before = saved(model=None, config=MADE.config | {"model": "there"})
    with pytest.raises(UserError, match="has model 'here', and"):
        check_same_run(before, replace(MADE, model=None), CHECKPOINT)


def test_other_versions_are_told() -> None:
    note = check_same_run(saved(versions={"torch": "2.12.0"}), MADE, CHECKPOINT)
    assert note is not None and "torch 2.12.0 (now 2.13.0), trl none (now 1.16.0)" in note


def test_problems_digest_sees_every_word_and_the_order() -> None:
    one, two = Problem("1", "1 + 1?", "2"), Problem("2", "2 + 2?", "4")
    found = {
        problems_digest(problems)
        for problems in ([one, two], [two, one], [one], [one, replace(two, reference="5")], [])
    }
    assert len(found) == 5
    assert problems_digest([one, two]) == problems_digest(iter([one, two]))


@pytest.mark.parametrize(
    ("stage", "fsdp", "environment", "wanted"),
    [
        (None, "", {}, "none"),
        (2, "", {}, "zero2"),
        (3, "", {}, "zero3"),
        (None, "full_shard", {}, "fsdp"),
        (None, "", {"ACCELERATE_USE_FSDP": "true"}, "fsdp"),
    ],
)
def test_sharding_of(stage: int | None, fsdp: str, environment: Any, wanted: str) -> None:
    plugin = None if stage is None else SimpleNamespace(zero_stage=stage)
    arguments = SimpleNamespace(deepspeed_plugin=plugin, fsdp=fsdp)
    assert sharding_of(arguments, environment) == wanted
