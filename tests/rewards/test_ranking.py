"""No accepted reward ranks a correct rollout with or below an incorrect one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rewards.stack import build_stack
from rl.training.config import RewardConfig
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.fakes import table

WEIGHTS = st.sampled_from([-0.5, -0.1, 0.0, 0.01, 0.05, 0.1, 0.3, 1.0, 2.0])
SCHEDULES = WEIGHTS | st.fixed_dictionaries(
    {"schedule": st.just("linear"), "start": WEIGHTS, "end": WEIGHTS, "steps": st.integers(1, 9)},
    optional={"begin": st.integers(0, 9)},
)
CAPS = st.sampled_from([0, 1, 2.5, 8, float("inf")])
PRICES = st.fixed_dictionaries(
    {}, optional={"weight": st.sampled_from([0.0, 0.2, 1.0]), "allowance": CAPS, "cap": CAPS}
)
STEP_COUNT = st.fixed_dictionaries(
    {"kind": st.just("step_count"), "weight": SCHEDULES},
    optional={
        "types": st.dictionaries(st.sampled_from(["VERIFY", "META"]), PRICES, min_size=1),
        "unit": st.sampled_from(["steps", "tokens"]),
        "gate": st.sampled_from(["correct", "group_solved", "none"]),
        "solved": st.sampled_from([0.5, 1.0]),
    },
).filter(lambda term: term.get("gate") == "group_solved" or "solved" not in term)
TERMS = st.fixed_dictionaries(
    {"correctness": st.fixed_dictionaries({}, optional={"weight": SCHEDULES})},
    optional={
        "format": st.fixed_dictionaries({"weight": SCHEDULES}),
        "one": STEP_COUNT,
        "other": STEP_COUNT,
    },
)
COUNTS = st.fixed_dictionaries(
    {
        "format_ok": st.integers(0, 1),
        "finished": st.integers(0, 1),
        "count/VERIFY": st.integers(0, 40),
        "tokens/VERIFY": st.integers(0, 4000),
        "count/META": st.integers(0, 40),
        "tokens/META": st.integers(0, 4000),
    }
)
RIGHT, WRONG = {"correct": 1}, {"correct": 0}


@settings(max_examples=100, deadline=None)
@given(
    TERMS,
    st.lists(COUNTS, min_size=1, max_size=4),
    st.lists(COUNTS, min_size=1, max_size=4),
    st.data(),
)
def test_ranking_of_accepted_rewards(
    terms: dict[str, Any], right: list[Any], wrong: list[Any], data: Any
) -> None:
    try:
        stack = build_stack(terms, REASONTYPE)
    except UserError:
        assume(False)
        raise
    facts = table(*(r | RIGHT for r in right), *(w | WRONG for w in wrong))
    groups = torch.tensor(data.draw(st.lists(st.integers(0, 2), min_size=8, max_size=8)))
    totals = stack.total(stack.table(facts, groups[: len(facts)]), data.draw(st.integers(0, 25)))
    assert totals[: len(right)].min() >= totals[len(right) :].max() - 1e-5


def test_ranking_of_the_default_reward() -> None:
    """A correct rollout with a thousand verification steps lies above any incorrect one."""
    stack = build_stack(RewardConfig().terms, REASONTYPE)
    facts = table(RIGHT | {"count/VERIFY": 12}, RIGHT | {"count/VERIFY": 1000}, WRONG)
    groups = torch.zeros(3, dtype=torch.long)
    totals = stack.total(stack.table(facts, groups), 0).tolist()
    assert totals == pytest.approx([0.2, 0.2, 0.0])


INF = float("inf")
VERIFY: dict[str, Any] = {"types": {"VERIFY": {"cap": 10}}}
REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"correctness": {}, "step_count": {**VERIFY, "weight": 0.1}},
        "at step 0 being correct pays correctness 1, and .* can lose step_count 1; lower their",
    ),
    (
        {"correctness": {}, "step_count": {"weight": 0.1, "types": {"VERIFY": {"cap": INF}}}},
        "can lose step_count inf",
    ),
    (
        {"correctness": {}, "step_count": {"weight": 0.1}, "format": {"weight": 0.25}},
        "can lose step_count 0.8 and format 0.25, 1.05 in all",
    ),
    (
        {
            "correctness": {},
            "step_count": {**VERIFY, "weight": {"schedule": "linear", "end": 0.2, "steps": 50}},
        },
        "at step 50 being correct pays correctness 1",
    ),
    (
        {
            "correctness": {"weight": {"schedule": "linear", "begin": 5}},
            "step_count": {**VERIFY, "weight": 0.01},
        },
        "at step 0 nothing pays for being correct, .* give correctness a weight",
    ),
    ({"correctness": {"weight": -1}}, "can lose correctness 1"),
    ({"format": {}}, "nothing pays for being correct"),
    (
        {"correctness": {}, "cosine": {}, "step_count": {"weight": 0.3}},
        "being correct pays correctness 1 and cosine 0.5, 1.5 in all, and .* lose step_count 2.4;",
    ),
]


@pytest.mark.parametrize(("terms", "words"), REFUSED, ids=[w for _, w in REFUSED])
def test_ranking_is_refused_in_a_sentence(terms: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        build_stack(terms, REASONTYPE)
    assert build_stack(terms, REASONTYPE, allow_charge_above_correctness=True).names == tuple(terms)


def test_ranking_lets_pass_what_stays_below_correctness() -> None:
    terms = {"correctness": {}, "step_count": {**VERIFY, "weight": 0.05}, "format": {"weight": 0.4}}
    assert build_stack(terms, REASONTYPE).names == ("correctness", "step_count", "format")
