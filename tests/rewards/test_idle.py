"""Rewards that pay nothing: terms that cancel, weights that are all 0."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rewards.facts.columns import columns
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
TWICE = {"VERIFY": {"weight": 2, "cap": 6}}
MULTIPLIED = {**STEPS, "combine": "multiply"}
SATURATING = {**STEPS, "shape": "saturating"}


def refuse(terms: dict[str, Any]) -> None:
    refuse_idle(build_stack(terms, REASONTYPE, allow_charge_above_correctness=True).terms)


def shaped(terms: dict[str, Any]) -> torch.Tensor:
    """What all terms but correctness pay some rollouts in mid-run, (rollouts,)."""
    torch.manual_seed(0)
    names = columns(REASONTYPE)
    facts = torch.randint(0, 13, (200, len(names))).float()
    facts[:, names.index("correct")] = (facts[:, names.index("correct")] > 3).float()
    facts[:, names.index("tokens")] += 85
    rest = {name: term for name, term in terms.items() if name != "correctness"}
    stack = build_stack(rest, REASONTYPE, allow_charge_above_correctness=True)
    values = stack.table(facts, torch.arange(200) // 4).double()
    return values @ stack.weights(5).double()


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
        {
            "correctness": {},
            "a": {**STEPS, "weight": 0.1, "types": {"VERIFY": {}, "META": {"weight": 2}}},
            "b": {**STEPS, "weight": -0.1},
            "c": {**STEPS, "weight": -0.2, "types": {"META": {}}},
        },
        {
            "correctness": {},
            "a": {**STEPS, "weight": 0.1, "types": {"VERIFY": {"weight": 2}}},
            "b": {**STEPS, "weight": -0.2},
        },
        {"correctness": {}, "a": MULTIPLIED, "b": {**MULTIPLIED, "weight": -1, "types": CAPPED}},
        {
            "correctness": {},
            "a": {**MULTIPLIED, "types": {"VERIFY": {"weight": 0.25, "cap": 6}}},
            "b": {**SATURATING, "scale": 8, "weight": -1, "types": TWICE},
        },
        {
            "correctness": {},
            "a": {**SATURATING, "scale": 4},
            "b": {**SATURATING, "scale": 8, "weight": -1, "types": {"VERIFY": {"weight": 2}}},
        },
        {
            "correctness": {},
            "a": {**MULTIPLIED, "shape": "clipped", "scale": 3},
            "b": {
                **MULTIPLIED,
                "shape": "clipped",
                "scale": 6,
                "weight": -1,
                "types": {"VERIFY": {"weight": 2}},
            },
        },
    ],
)
def test_terms_that_cancel_are_refused_and_named(terms: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="terms a and b( and c)? sum to 0.*remove"):
        refuse(terms)
    assert float(shaped(terms).abs().max()) < 1e-5


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
        {"correctness": {}, "a": STEPS, "b": {**MULTIPLIED, "weight": -1}},
        {"correctness": {}, "a": STEPS, "b": {**STEPS, "weight": -1, "types": TWICE}},
        {
            "correctness": {},
            "a": MULTIPLIED,
            "b": {**MULTIPLIED, "weight": -0.5, "types": {"VERIFY": {"weight": 2}}},
        },
        {  # what is left is a charge for META
            "correctness": {},
            "a": {**STEPS, "types": {"VERIFY": {}, "META": {}}},
            "b": {**STEPS, "weight": -1},
        },
        {
            "correctness": {},
            "a": {**PAY, "weight": 0.1},
            "b": {**PAY, "limit": 99, "weight": -0.1},
        },
    ],
)
def test_terms_that_differ_at_some_step_or_rollout_are_kept(terms: dict[str, Any]) -> None:
    refuse(terms)
    idle = all(term.get("weight") == 0.0 for name, term in terms.items() if name != "correctness")
    assert idle or float(shaped(terms).abs().max()) > 1e-3


def test_a_reward_without_a_weight_is_refused() -> None:
    with pytest.raises(UserError, match=r"Every weight of reward.terms is 0 \(correctness, a\)"):
        refuse({"correctness": {"weight": 0}, "a": {**PAY, "weight": 0.0}})
