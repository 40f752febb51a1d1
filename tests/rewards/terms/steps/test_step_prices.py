"""`step_count`: types priced together, floors, scopes of single entries, earlier configs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.stack import build_stack
from rewards.terms.registry import build_term
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE, StepType, Taxonomy
from tests.rewards.terms.rollouts import NAMES, rollout, table, values

STAND_INS = "VERIFY + META + CONCLUDE + ALTERNATIVE"
BUSY = rollout(
    1,
    200,
    count__VERIFY=4,
    count__META=3,
    count__CONCLUDE=2,
    count__ALTERNATIVE=1,
    count_after__VERIFY=3,
    count_after__META=2,
    count_after__CONCLUDE=1,
    tokens__VERIFY=50,
    tokens__META=9,
    tokens_after__META=6,
)


@pytest.mark.parametrize(
    ("types", "reward"),
    [
        pytest.param({STAND_INS: {}}, -8, id="ten steps in all, eight at most"),
        pytest.param({STAND_INS: {"cap": float("inf")}}, -10, id="ten"),
        pytest.param({STAND_INS: {"allowance": 4}}, -6, id="the allowance is for all together"),
        pytest.param({STAND_INS: {"allowance": 1, "cap": 5}}, -5, id="and so is the cap"),
        pytest.param({STAND_INS: {"weight": 0.5, "allowance": 6}}, -2, id="one weight"),
        pytest.param({"META+VERIFY": {}}, -7, id="without blanks, in any order"),
        pytest.param({"VERIFY": {"weight": 2}, "META + CONCLUDE": {}}, -13, id="next to a type"),
        pytest.param(
            {"VERIFY": {"allowance": 1}, "META + CONCLUDE": {"scope": "after_answer"}},
            -6,
            id="the group after the answer only",
        ),
        pytest.param(
            {"Verification / Sanity Check + META": {"allowance": 2}}, -5, id="by full name"
        ),
        pytest.param({"VERIFY": {"scope": "after_answer"}}, -3, id="one type after the answer"),
        pytest.param({"ALTERNATIVE": {"floor": 3, "allowance": 3}}, -2, id="two are missing"),
        pytest.param({"ALTERNATIVE": {"floor": 1, "allowance": 2}}, 0, id="neither few nor many"),
        pytest.param({"VERIFY": {"floor": 1, "allowance": 2}}, -2, id="two too many"),
        pytest.param({"RECALL": {"floor": 2, "allowance": 2, "weight": 0.5}}, -1, id="none at all"),
        pytest.param(
            {"RECALL + META": {"floor": 5, "allowance": 6}}, -2, id="the floor is for all together"
        ),
    ],
)
def test_step_count_prices(types: dict[str, Any], reward: float) -> None:
    assert values("step_count", [BUSY], {"types": types}) == [reward]


def test_step_count_prices_tokens_of_a_group() -> None:
    params = {"types": {"VERIFY + META": {"weight": 0.1, "allowance": 9}}, "unit": "tokens"}
    assert values("step_count", [BUSY], params) == pytest.approx([-5])
    params = {"types": {"VERIFY + META": {}}, "unit": "tokens", "scope": "after_answer"}
    assert values("step_count", [BUSY], params) == [-6]


def test_step_count_group_prices_leave_incorrect_rollouts_alone() -> None:
    wrong = BUSY | {"correct": 0.0}
    types = {STAND_INS: {}, "RECALL": {"floor": 1, "allowance": 1}}
    assert values("step_count", [wrong, BUSY], {"types": types}) == [0, -9]


def test_step_count_takes_a_type_whose_name_has_a_plus() -> None:
    kinds = (StepType("Check + Recheck", "CHECK", "evaluative", ""),)
    term = build_term("step_count", {"types": {"Check + Recheck": {}}}, Taxonomy("own", kinds))
    assert term is not None
    with pytest.raises(UserError, match="'Chek'"):
        build_term("step_count", {"types": {"Chek + CHECK": {}}}, Taxonomy("own", kinds))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"types": {"VERIFY": {}, "META + VERIFY": {}}},
            "names the type VERIFY twice; keep one entry, alone or in a group",
        ),
        ({"types": {"META + META": {}}}, "names the type META twice"),
        ({"types": {"META + VERIFI": {}}}, "did you mean 'VERIFY'"),
        ({"types": {"META +": {}}}, "step type of reasontype ''"),
        (
            {"types": {"VERIFY": {"floor": 2}}},
            "floor 2 of the price of a type lies above its allowance 0.*raise the allowance to 2",
        ),
        ({"types": {"VERIFY": {"floor": float("inf"), "allowance": float("inf")}}}, "finite"),
        ({"types": {"VERIFY": {"weight": float("inf")}}}, "weight .* is inf; it must be .* finite"),
        ({"types": {"VERIFY": {"scope": "after"}}}, "valid: thinking, after_answer"),
        (
            {"types": {"VERIFY": {"scope": "thinking"}}, "scope": "completion"},
            "scope of .* has no effect with a scope of their own for all types",
        ),
    ],
)
def test_step_count_refuses_prices_that_contradict_each_other(
    params: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        build_term("step_count", params, REASONTYPE)


def test_a_floor_counts_in_the_greatest_charge() -> None:
    prices = {"VERIFY": {"floor": 12, "allowance": 12, "cap": 2}}
    with pytest.raises(UserError, match="can lose step_count 1.2"):
        build_stack({"correctness": {}, "step_count": {"weight": 0.1, "types": prices}}, REASONTYPE)


def former(facts: torch.Tensor, params: dict[str, Any]) -> torch.Tensor:
    """`step_count` as it was before it had shapes and groups."""
    charge = torch.zeros(len(facts), dtype=torch.float64)
    caps = {"steps": 8.0, "tokens": 400.0}
    for tag, price in params["types"].items():
        name = {"steps": "count", "tokens": "tokens"}[params["unit"]]
        name += {"thinking": "", "after_answer": "_after"}[params["scope"]]
        count = facts[:, NAMES.index(f"{name}/{tag}")].double()
        over = (count - price.get("allowance", 0.0)).clamp(min=0.0)
        most = price.get("cap", caps[params["unit"]])
        charge = charge + price.get("weight", 1.0) * over.clamp(max=most)
    correct = facts[:, NAMES.index("correct")] > 0
    return ((0.0 - charge) * correct if params["gate"] == "correct" else 0.0 - charge).float()


COUNT = st.integers(0, 900).map(float)
NUMBER = st.sampled_from([0.0, 0.1, 0.3, 1.0, 2.5, 7.0])
PRICE = st.fixed_dictionaries({}, optional={"weight": NUMBER, "allowance": NUMBER, "cap": NUMBER})


@settings(max_examples=50, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "types": st.dictionaries(st.sampled_from(["VERIFY", "META"]), PRICE, min_size=1),
            "unit": st.sampled_from(["steps", "tokens"]),
            "scope": st.sampled_from(["thinking", "after_answer"]),
            "gate": st.sampled_from(["correct", "none"]),
        }
    ),
    st.lists(st.tuples(st.integers(0, 1), COUNT, COUNT, COUNT), min_size=1, max_size=4),
)
def test_step_count_gives_earlier_configs_their_numbers_to_the_bit(
    params: dict[str, Any], rows: Sequence[tuple[float, float, float, float]]
) -> None:
    facts = table(
        [
            rollout(c, 10, count__VERIFY=n, tokens__META=m, tokens_after__VERIFY=a)
            for c, n, m, a in rows
        ]
    )
    found = build_term("step_count", params, REASONTYPE)(facts, torch.zeros(len(rows)))
    assert torch.equal(found, former(facts, params))
