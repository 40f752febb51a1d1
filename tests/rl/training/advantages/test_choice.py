"""Which method a run gets, and which settings contradict each other."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.aggregation.among_correct import AmongCorrect
from rewards.aggregation.normalize_then_sum import NormalizeThenSum
from rewards.aggregation.registry import build_aggregation
from rewards.aggregation.sum_then_normalize import SumThenNormalize
from rl.training.advantages.choice import check_aggregation, reward_stack
from rl.training.config import config_from_dict
from rl.training.grpo_config import training_arguments
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE


def chosen(reward: dict[str, Any], **grpo: Any) -> tuple[Any, Any]:
    """The method and TRL's arguments of a run with a group size of 8."""
    config = config_from_dict(
        {"output": "unused", "reward": reward, "grpo": {"num_generations": 8, **grpo}}
    )
    stack = reward_stack(config.reward, config.grpo, REASONTYPE)
    arguments = training_arguments(config, gpu=False)
    return check_aggregation(config.reward, stack, arguments), arguments


def terms(**shaped: Any) -> dict[str, Any]:
    return {"terms": {"correctness": {}, **shaped}}


def charge(weight: float) -> dict[str, Any]:
    """Correctness, and a charge for up to 8 verification steps of correct rollouts."""
    return terms(step_count={"weight": weight})


def test_without_the_key_trls_own_keys_choose() -> None:
    method, arguments = chosen({})
    assert isinstance(method, SumThenNormalize) and method.scale == "none"
    method, _ = chosen({}, scale_rewards="batch")
    assert isinstance(method, SumThenNormalize) and method.scale == "batch"
    method, arguments = chosen({}, multi_objective_aggregation="normalize_then_sum")
    assert isinstance(method, NormalizeThenSum)
    assert arguments.multi_objective_aggregation == "normalize_then_sum"


def test_the_key_hands_trls_own_methods_to_trl() -> None:
    method, arguments = chosen({"aggregation": "normalize_then_sum"})
    assert isinstance(method, NormalizeThenSum)
    assert arguments.multi_objective_aggregation == "normalize_then_sum"
    method, arguments = chosen({"aggregation": "sum_then_normalize"}, scale_rewards="group")
    assert isinstance(method, SumThenNormalize) and method.scale == "group"
    assert arguments.multi_objective_aggregation == "sum_then_normalize"


def test_parameters_stand_next_to_the_kind() -> None:
    given = {"kind": "among_correct", "by_solve_rate": True}
    method, arguments = chosen({"aggregation": given})
    assert isinstance(method, AmongCorrect) and method.params.by_solve_rate
    assert arguments.multi_objective_aggregation == "sum_then_normalize"


ALLOWED = {"allow_charge_above_correctness": True}


@pytest.mark.parametrize(
    ("reward", "grpo", "words"),
    [
        ({"aggregation": "gfop"}, {}, "did you mean 'gfpo'"),
        ({"aggregation": "GDPO"}, {}, "'GDPO'; its method is 'normalize_then_sum' here"),
        ({"aggregation": "GRPO"}, {}, "'GRPO'; its method is 'sum_then_normalize' here"),
        ({"aggregation": 3}, {}, "reward.aggregation is 3; it must be of type str or dict"),
        ({}, {"multi_objective_aggregation": "gfpo"}, "valid: normalize_then_sum, sum_then"),
        ({"aggregation": {"keep": 2}}, {}, "needs the key 'kind'"),
        ({"aggregation": {"kind": "gfpo", "kep": 2}}, {}, "'kep'"),
        ({"aggregation": {"kind": "gfpo", "keep": 1}}, {}, "'keep'|keep"),
        ({"aggregation": {"kind": "gfpo", "keep": 8}}, {}, "grpo.num_generations is 8"),
        ({"aggregation": "gfpo"}, {"num_generations": 1}, "set it to 2 or more"),
        ({"aggregation": "drpo"}, {"scale_rewards": "none"}, "grpo.scale_rewards has no effect"),
        (
            {},
            {"multi_objective_aggregation": "normalize_then_sum", "scale_rewards": "group"},
            "grpo.scale_rewards has no effect",
        ),
        (
            {"aggregation": "batch"},
            {"multi_objective_aggregation": "sum_then_normalize"},
            "keep reward.aggregation alone",
        ),
        (
            {"terms": {"format": {}}, "aggregation": "drpo"} | ALLOWED,
            {},
            "needs the term correctness",
        ),
        (
            {"terms": {"correctness": {"weight": 0}, "format": {}}, "aggregation": "drpo"}
            | ALLOWED,
            {},
            "every advantage is a multiple of the weight of correctness, which is 0",
        ),
        (
            terms() | {"aggregation": {"kind": "among_correct", "outcome": ["corectness"]}},
            {},
            "did you mean 'correctness'",
        ),
        (
            terms(format={}) | {"aggregation": {"kind": "among_correct", "outcome": []}},
            {},
            "needs a term over the whole group",
        ),
        (
            terms(format={}) | {"aggregation": {"kind": "among_correct", "outcome": ["format"]}},
            {},
            "outcome leaves out 'correctness', which is the same for all correct rollouts",
        ),
        # 8 steps at 0.15 are more than a correct answer pays, in sums and among the correct alike
        (charge(0.15) | {"aggregation": "batch"}, {}, "step_count 1.2"),
        (charge(0.15) | {"aggregation": "among_correct"}, {}, "step_count 1.2"),
        # a bonus is a charge on those who do not get it, once it is compared among the correct
        (terms(format={"weight": 1.5}) | {"aggregation": "among_correct"}, {}, "format 1.5"),
        # z-scores of 8 are up to 3.74 apart, those of correctness at least 1.87
        (charge(0.51) | {"aggregation": "normalize_then_sum"}, {}, "step_count 1.9"),
        (charge(0.1) | {"aggregation": "rdpo"}, {}, "nothing bounds what step_count"),
    ],
)  # fmt: skip
def test_what_contradicts_is_refused_in_one_sentence(
    reward: dict[str, Any], grpo: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words) as error:
        chosen(reward, **grpo)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "reward",
    [
        charge(5.0) | {"aggregation": "drpo"},  # the sign law holds
        charge(0.45) | {"aggregation": "normalize_then_sum"},
        charge(0.0) | {"aggregation": "rdpo"},
        charge(0.1) | {"aggregation": "rdpo"} | ALLOWED,
        charge(5.0) | {"aggregation": "batch"} | ALLOWED,
    ],
)  # fmt: skip
def test_what_keeps_correct_rollouts_on_top_is_taken(reward: dict[str, Any]) -> None:
    method, _ = chosen(reward)
    assert type(method) is type(build_aggregation(reward["aggregation"]))
