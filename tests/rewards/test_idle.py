"""Rewards that pay nothing: terms that cancel, weights that are all 0."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.idle import refuse_idle
from rewards.stack import build_stack
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE

PAY = {"kind": "soft_overlong", "limit": 100, "buffer": 20}
RAMP = {"schedule": "linear", "start": 0.0, "end": 0.2, "steps": 10}
FALL = {"schedule": "linear", "start": 0.0, "end": -0.2, "steps": 10}
STEPS: dict[str, Any] = {"kind": "step_count", "types": {"VERIFY": {}}}
NAME = REASONTYPE.get("VERIFY").name
CAPPED = {NAME: {"cap": 8}}


def refuse(terms: dict[str, Any]) -> None:
    refuse_idle(build_stack(terms, REASONTYPE, allow_charge_above_correctness=True).terms)


@pytest.mark.parametrize(
    "terms",
    [
        {"correctness": {}, "a": {**PAY, "weight": 0.1}, "b": {**PAY, "weight": -0.1}},
        {"a": {**PAY, "weight": RAMP}, "b": {**PAY, "weight": FALL}, "correctness": {}},
        {
            "a": {**PAY, "weight": 0.1},
            "b": {**PAY, "weight": 0.1},
            "c": {**PAY, "weight": -0.2},
            "correctness": {},
        },
        {"correctness": {}, "a": {**STEPS}, "b": {**STEPS, "weight": -1, "types": CAPPED}},
        {
            "correctness": {},
            "a": {**STEPS, "scope": "completion"},
            "b": {**STEPS, "weight": -1, "types": {"VERIFY": {"scope": "completion"}}},
        },
        {
            "correctness": {},
            "a": {**STEPS, "types": {"META + VERIFY": {}}},
            "b": {**STEPS, "weight": -1, "types": {f"{NAME} + META": {"cap": 8}}},
        },
    ],
)
def test_terms_that_cancel_are_refused_and_named(terms: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="a and b( and c)? compute the same.*sum to 0.*remove"):
        refuse(terms)


@pytest.mark.parametrize(
    "terms",
    [
        {"correctness": {}, "a": {**PAY, "weight": 0.1}, "b": {**PAY, "weight": -0.2}},
        {"correctness": {}, "a": {**PAY, "weight": 0.1}, "b": {**PAY, "weight": 0.1}},
        {"correctness": {}, "a": {**PAY, "weight": 0.0}, "b": {**PAY, "weight": 0.0}},
        {"correctness": {}, "a": STEPS, "b": {**STEPS, "weight": -1, "types": {NAME: {"cap": 7}}}},
        {"correctness": {}, "a": STEPS, "b": {**STEPS, "weight": -1, "unit": "tokens"}},
        {"correctness": {}, "a": STEPS, "b": {**STEPS, "weight": -1, "scope": "completion"}},
        {"correctness": {}, "a": {**PAY, "weight": RAMP}, "b": {**PAY, "weight": -0.2}},
        {
            "correctness": {},
            "a": {**PAY, "weight": 0.1},
            "b": {**PAY, "limit": 99, "weight": -0.1},
        },
    ],
)
def test_terms_that_differ_at_some_step_or_rollout_are_kept(terms: dict[str, Any]) -> None:
    refuse(terms)


def test_a_reward_without_a_weight_is_refused() -> None:
    with pytest.raises(UserError, match=r"Every weight of reward.terms is 0 \(correctness, a\)"):
        refuse({"correctness": {"weight": 0}, "a": {**PAY, "weight": 0.0}})
