"""Rewards that pay nothing: terms that cancel, weights that are all 0."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
import torch

from rewards.facts.columns import columns
from rewards.idle import refuse_idle
from rewards.stack import build_stack
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.every import CONFIGS

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


ONE_FORMULA: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"kind": "after_answer_share"}, {"kind": "redundancy_share"}),
    ({"kind": "after_answer_share"}, {"kind": "redundancy_share", "rounded": False}),
    (
        {"kind": "soft_overlong", "limit": 200, "buffer": 100},
        {"kind": "length_excess", "target": 100},
    ),
    (
        {"kind": "soft_overlong", "limit": 500, "buffer": 100},
        {"kind": "hard_truncation", "limit": 400, "ramp": 100},
    ),
    ({"kind": "reflection_floor"}, {"kind": "reflection_floor", "form": "paper"}),
    ({"kind": "no_thinking_bonus"}, {"kind": "no_thinking_bonus", "subtract_reference": True}),
]


@pytest.mark.parametrize(("a", "b"), ONE_FORMULA)
def test_one_formula_under_two_names_cancels(a: dict[str, Any], b: dict[str, Any]) -> None:
    apart = {"correctness": {}, "a": {**a, "weight": 0.3}, "c": {**STEPS, "weight": 0.01}}
    with pytest.raises(UserError, match="terms a and b .*so they cancel; remove them"):
        refuse({**apart, "b": {**b, "weight": -0.3}})
    refuse({**apart, "b": {**b, "weight": 0.3}})
    refuse({**apart, "b": {**b, "weight": -0.2}})


def test_a_sum_that_is_not_zero_is_called_alike() -> None:
    rising = {"kind": "cosine", "correct_short": 0.5, "correct_long": 1.0}
    with pytest.raises(
        UserError,
        match=r"^The reward terms cosine and b pay all correct rollouts of a problem alike in sum, "
        r"and all incorrect ones \(to 5% of what each pays\), so they cancel; remove them, or "
        r"change a weight or a parameter\.$",
    ):
        refuse({"correctness": {}, "cosine": {}, "b": rising})


NEAR: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("laser", {"target": 4096}, {"target": 4097}),
    ("length_exp", {"threshold": 4000}, {"threshold": 4100}),
    ("keyword_reflection", {"few": 40}, {"few": 41}),
    ("keyword_reflection", {"many": 80}, {"many": 90}),
    ("target_ratio", {"short": 500}, {"short": 501}),
    ("step_count", {"gate": "group_solved"}, {"gate": "group_solved", "solved": 0.95}),
    ("step_count", {"types": {"VERIFY": {"cap": 99}}}, {"types": {"VERIFY": {"cap": 100}}}),
    ("length_minmax", {"gate": "group_solved"}, {"gate": "group_solved", "among": "correct"}),
    ("length_target", {}, {"budget": 700}),
    ("length_window", {}, {"low": 0.31}),
    ("repetition", {}, {"ngram": 4}),
    ("shuffled_tags", {}, {"seed": 2}),
    ("soft_overlong", {}, {"limit": 20000}),
]


@pytest.mark.parametrize(("kind", "a", "b"), NEAR)
def test_terms_that_are_nearly_one_are_kept(kind: str, a: Any, b: Any) -> None:
    def opposed(other: Any) -> dict[str, Any]:
        mine = {"kind": kind, **a, "weight": 0.3}
        return {"correctness": {}, "a": mine, "b": {"kind": kind, **other, "weight": -0.3}}

    refuse(opposed(b))
    with pytest.raises(UserError, match="a and b sum to 0"):
        refuse(opposed(a))


@pytest.mark.parametrize("kind", ["laser_d", "length_budget", "accuracy_aware"])
def test_terms_that_learn_cancel_with_copies_alone(kind: str) -> None:
    mine, other = {"kind": kind, "weight": 0.3}, {"kind": kind, "weight": -0.3}
    with pytest.raises(UserError, match="a and b sum to 0"):
        refuse({"correctness": {}, "a": mine, "b": other})
    parameter = {"every": 11} if kind == "laser_d" else {"span": 49}
    refuse({"correctness": {}, "a": mine, "b": {**other, **parameter}})


def test_of_all_options_those_alone_cancel_that_say_the_same() -> None:
    found = set()
    gated = [(kind, own) for kind, own in CONFIGS if own.get("gate", "correct") == "correct"]
    for (kind, own), (other, others) in combinations(gated, 2):
        if kind != other:
            continue
        a, b = {"kind": kind, **own, "weight": 1.0}, {"kind": kind, **others, "weight": -1.0}
        try:
            refuse({"correctness": {}, "a": a, "b": b})
        except UserError:
            keys = {key for key in {*own, *others} if own.get(key) != others.get(key)}
            found.add((kind, *sorted(keys)))
    assert found == {
        ("step_count", "scope"),  # all is the older name of thinking
        ("reflection_floor", "form"),
        ("redundancy_share", "rounded"),
        ("length_target", "slope"),  # code, which is the default
        ("no_thinking_bonus", "subtract_reference"),
    }


def test_a_reward_without_a_weight_is_refused() -> None:
    with pytest.raises(UserError, match=r"Every weight of reward.terms is 0 \(correctness, a\)"):
        refuse({"correctness": {"weight": 0}, "a": {**PAY, "weight": 0.0}})


def test_a_parameter_near_the_greatest_float_is_no_length_to_overflow() -> None:
    refuse({"correctness": {}, "short": {"kind": "length_budget", "log_scale": 1e308}})
