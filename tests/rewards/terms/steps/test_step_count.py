"""`step_count` against values worked out by hand, and its laws."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rewards.terms.registry import build_term
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.fakes import table

RIGHT = {"correct": 1.0}
WRONG = {"correct": 0.0}
BUSY = {
    "count/VERIFY": 5,
    "count_after/VERIFY": 3,
    "tokens/VERIFY": 90,
    "tokens_after/VERIFY": 50,
    "count/META": 2,
    "count_after/META": 1,
    "tokens/META": 14,
    "count_completion/VERIFY": 7,
    "tokens_completion/VERIFY": 120,
    "count_after_completion/VERIFY": 4,
}


def price(**given: float) -> dict[str, Any]:
    return {"types": {"VERIFY": given}}


# parameters, rollout, reward
CASES: list[tuple[str, dict[str, Any], dict[str, float], float]] = [
    ("each of five checks costs one", price(), RIGHT | BUSY, -5.0),
    ("two are free", price(allowance=2), RIGHT | BUSY, -3.0),
    ("as many free as there are", price(allowance=5), RIGHT | BUSY, 0.0),
    ("more free than there are", price(allowance=9), RIGHT | BUSY, 0.0),
    ("eight at most unless a cap is given", price(), RIGHT | {"count/VERIFY": 12}, -8.0),
    ("a cap of one's own", price(cap=float("inf")), RIGHT | {"count/VERIFY": 12}, -12.0),
    ("400 tokens at most", price() | {"unit": "tokens"}, RIGHT | {"tokens/VERIFY": 999}, -400.0),
    ("charged for two at most", price(cap=2), RIGHT | BUSY, -2.0),
    ("the cap counts after the allowance", price(allowance=2, cap=2), RIGHT | BUSY, -2.0),
    ("cap above what is left", price(allowance=4, cap=3), RIGHT | BUSY, -1.0),
    ("a weight", price(weight=0.25, allowance=1), RIGHT | BUSY, -1.0),
    ("weight zero", price(weight=0.0), RIGHT | BUSY, 0.0),
    ("a wrong rollout is never charged", price(), WRONG | BUSY, 0.0),
    ("unless the gate is open to all", price() | {"gate": "none"}, WRONG | BUSY, -5.0),
    ("no checks, no charge", price(), RIGHT, 0.0),
    ("only what follows the answer", price() | {"scope": "after_answer"}, RIGHT | BUSY, -3.0),
    (
        "after the answer, with allowance and cap",
        price(allowance=1, cap=1, weight=0.5) | {"scope": "after_answer"},
        RIGHT | BUSY,
        -0.5,
    ),
    (
        "that and the answer too",
        price() | {"scope": "completion_after_answer"},
        RIGHT | BUSY,
        -4.0,
    ),
    ("all is the thinking", price() | {"scope": "all"}, RIGHT | BUSY, -5.0),
    ("so is the default", price() | {"scope": "thinking"}, RIGHT | BUSY, -5.0),
    ("the answer too", price() | {"scope": "completion"}, RIGHT | BUSY, -7.0),
    (
        "tokens of the answer too",
        price(weight=0.01) | {"unit": "tokens", "scope": "completion"},
        RIGHT | BUSY,
        -1.2,
    ),
    ("tokens", price(weight=0.01) | {"unit": "tokens"}, RIGHT | BUSY, -0.9),
    (
        "tokens after the answer beyond forty",
        price(weight=0.1, allowance=40) | {"unit": "tokens", "scope": "after_answer"},
        RIGHT | BUSY,
        -1.0,
    ),
    (
        "two types, each with its own price",
        {"types": {"VERIFY": {"allowance": 2, "weight": 0.5}, "META": {"cap": 1, "weight": 2}}},
        RIGHT | BUSY,
        -3.5,
    ),
    (
        "full names work too",
        {"types": {"Verification / Sanity Check": {"allowance": 3}}},
        RIGHT | BUSY,
        -2.0,
    ),
]


@pytest.mark.parametrize(
    ("params", "row", "reward"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_hand_computed(params: dict[str, Any], row: dict[str, float], reward: float) -> None:
    term = build_term("step_count", params, REASONTYPE)
    assert term(table(row), torch.zeros(1, dtype=torch.long)).tolist() == pytest.approx([reward])


def test_group_solved_charges_only_groups_that_are_solved() -> None:
    facts = table(
        RIGHT | BUSY, RIGHT | BUSY,  # group 7: all right
        RIGHT | BUSY, WRONG | BUSY,  # group 3: half right
        WRONG | BUSY, WRONG | BUSY,  # group 5: none right
    )  # fmt: skip
    groups = torch.tensor([7, 7, 3, 3, 5, 5])
    strict = build_term("step_count", price() | {"gate": "group_solved"}, REASONTYPE)
    assert strict(facts, groups).tolist() == [-5, -5, 0, 0, 0, 0]
    half = build_term("step_count", price() | {"gate": "group_solved", "solved": 0.5}, REASONTYPE)
    assert half(facts, groups).tolist() == [-5, -5, -5, 0, 0, 0]


def test_order_of_rows_and_names_of_groups_do_not_matter() -> None:
    term = build_term("step_count", price() | {"gate": "group_solved", "solved": 0.5}, REASONTYPE)
    facts = table(RIGHT | BUSY, WRONG, RIGHT, RIGHT | {"count/VERIFY": 2}, WRONG | BUSY, WRONG)
    groups = torch.tensor([0, 0, 1, 1, 2, 2])
    expected = term(facts, groups)
    order = torch.tensor([4, 0, 3, 5, 1, 2])
    assert torch.equal(term(facts[order], (groups * 11 + 5)[order]), expected[order])


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"types": {"VERIFI": {}}}, "did you mean 'VERIFY'"),
        ({"typs": {}}, "did you mean 'types'"),
        ({"types": {"VERIFY": {"alowance": 1}}}, "did you mean 'types.VERIFY.allowance'"),
        ({"types": {"VERIFY": {"weight": -1}}}, "at least 0"),
        ({"types": {"VERIFY": {"cap": "two"}}}, "must be a number"),
        ({"types": {"VERIFY": 3}}, "types.VERIFY of reward term 'step_count' must be a mapping"),
        ({"types": {}}, "at least one step type"),
        ({"types": {"VERIFY": {}, "Verification / Sanity Check": {}}}, "twice"),
        ({"gate": "corect"}, "did you mean 'correct'"),
        ({"scope": "before"}, "Unknown value of scope"),
        ({"unit": "words"}, "Unknown value of unit"),
        ({"solved": 0}, "above 0"),
        ({"solved": 1.5}, "at most 1"),
    ],
)
def test_bad_parameters_are_told(params: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        build_term("step_count", params, REASONTYPE)
