"""Terms, weights and their sum."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rewards.stack import RewardStack, build_stack
from rewards.weights import ConstantWeight, LinearWeight, build_weight
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.fakes import table

FACTS = table(
    {"correct": 1, "format_ok": 1, "finished": 1, "count/VERIFY": 3},
    {"correct": 1, "format_ok": 1, "finished": 0, "count/VERIFY": 1},
    {"correct": 0, "format_ok": 0, "finished": 1, "count/VERIFY": 9},
)
GROUPS = torch.tensor([0, 0, 1])


def test_table_and_total() -> None:
    stack = build_stack(
        {
            "correctness": None,
            "format": {"weight": 0.5},
            "checks": {"kind": "step_count", "weight": 0.1, "types": {"VERIFY": {"allowance": 1}}},
        },
        REASONTYPE,
        allow_charge_above_correctness=True,
    )
    assert stack.names == ("correctness", "format", "checks")
    terms = stack.table(FACTS, GROUPS)
    assert terms.tolist() == [[1, 1, -2], [1, 0, 0], [0, 0, 0]]
    assert stack.total(terms, 0).tolist() == pytest.approx([1.3, 1.0, 0.0])


def test_format_may_ignore_the_end() -> None:
    stack = build_stack({"correctness": {}, "format": {"require_end": False}}, REASONTYPE, True)
    assert stack.table(FACTS, GROUPS)[:, 1].tolist() == [1, 1, 0]


def test_a_term_that_does_not_apply_is_left_out() -> None:
    stack = build_stack({"correctness": {}, "format": {}}, REASONTYPE, True)
    nan = float("nan")
    terms = torch.tensor([[1.0, nan], [nan, nan]])
    total = stack.total(terms, 0)
    assert total[0] == 1.0 and total[1].isnan()


def test_a_schedule_changes_the_weight_by_step() -> None:
    linear = {"schedule": "linear", "start": 0.0, "end": 0.2, "steps": 10, "begin": 5}
    stack = build_stack({"correctness": {"weight": linear}}, REASONTYPE)
    weights = [float(stack.weights(step)) for step in (0, 5, 10, 15, 99)]
    assert weights == pytest.approx([0.0, 0.0, 0.1, 0.2, 0.2])


def test_state_goes_to_the_checkpoint_and_back() -> None:
    weight = {"schedule": "linear", "start": 1.0, "end": 2.0}
    config: dict[str, Any] = {"correctness": {"weight": weight}, "format": {"weight": 0.5}}
    stack = build_stack(config, REASONTYPE)
    build_stack(config, REASONTYPE).load_state_dict(stack.state_dict())
    with pytest.raises(UserError, match="resume with the config"):
        build_stack({**config, "correctness": {}}, REASONTYPE).load_state_dict(stack.state_dict())
    with pytest.raises(UserError, match="has the reward terms"):
        build_stack({"correctness": {}}, REASONTYPE).load_state_dict(stack.state_dict())
    changed = {**config, "format": {"weight": 0.7}}
    with pytest.raises(UserError, match="resume with the config"):
        build_stack(changed, REASONTYPE).load_state_dict(stack.state_dict())


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"corectness": {}}, "did you mean 'correctness'"),
        (
            {"correctness": {"wieght": 1}},
            "key reward.terms.correctness.wieght; did you mean 'weight'",
        ),
        ({"length_window": {"widht": 9}}, "did you mean 'width'"),
        ({"a": {"kind": "format", "kidn": 1}}, "reward.terms.a.kidn; did you mean 'kind'"),
        ({"correctness": 3}, "must be a mapping"),
        ({"correctness": {"weight": "big"}}, "must be a finite number"),
        ({"correctness": {"weight": {"schedule": "liner"}}}, "did you mean 'linear'"),
        ({"correctness": {"weight": {"schedule": "linear", "stesp": 3}}}, "did you mean 'steps'"),
        ({"correctness": {"weight": {"schedule": "linear", "steps": 0}}}, "at least 1"),
        ({"format": {"require_ends": True}}, "did you mean 'require_end'"),
        ({}, "has no terms"),
    ],
)
def test_bad_config_is_told(config: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        build_stack(config, REASONTYPE)


def test_names_must_differ() -> None:
    (term,) = build_stack({"correctness": {}}, REASONTYPE).terms
    with pytest.raises(UserError, match="share a name"):
        RewardStack([term, term])


def test_weights_from_plain_numbers() -> None:
    assert build_weight(0.3) == ConstantWeight(0.3)
    assert build_weight({"value": -1}) == ConstantWeight(-1)
    assert build_weight({"schedule": "linear", "end": 3}) == LinearWeight(end=3)
