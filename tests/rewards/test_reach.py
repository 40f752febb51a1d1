"""Terms that are the same for every rollout are told; one that applies to none is refused."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.facts.columns import columns
from rewards.reach import notes_of_idle_terms, probes
from rewards.stack import build_stack
from rewards.terms.registry import MODULES
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE


def notes(longest: int, problems: Any = (), **term: Any) -> list[str]:
    stack = build_stack({"correctness": {}, **term}, REASONTYPE, True)
    return notes_of_idle_terms(stack.terms, REASONTYPE, longest, problems)


@pytest.mark.parametrize(
    ("term", "params", "beyond"),
    [
        ("soft_overlong", {}, ": limit 20480, buffer 4096 are for longer ones"),
        ("length_exp", {}, ": threshold 4000 is for longer ones"),
        ("hard_truncation", {}, "limit 4000 is"),
        ("length_excess", {}, "target 4096 is"),
        ("target_ratio", {}, "least 1000, most 8000, short 500 are"),
        ("step_count", {"types": {"VERIFY": {"weight": 0, "floor": 0}}}, "teaches nothing; set"),
    ],
)
def test_a_term_without_a_difference_is_told(term: str, params: Any, beyond: str) -> None:
    (note,) = notes(360, **{term: params})
    assert note.startswith(f"The reward term {term!r} is 0 for every rollout of up to 360 tokens")
    assert beyond in note


@pytest.mark.parametrize("term", sorted(MODULES.keys() - {"length_target"}))
def test_no_term_is_told_where_its_constants_fit(term: str) -> None:
    assert notes(32_768, **{term: {}}) == []


@pytest.mark.parametrize(
    "step_count",
    [
        {"types": {"VERIFY": {"allowance": 8}}},
        {"types": {"VERIFY": {"allowance": 300}}, "unit": "tokens"},
        {"types": {"VERIFY": {"allowance": 8}, "META": {}}, "scope": "completion_after_answer"},
        {"types": {"VERIFY": {"weight": 1e-7}}, "weight": 1000.0},
    ],
)
def test_charges_that_begin_late_or_are_small_are_not_told(step_count: dict[str, Any]) -> None:
    assert notes(2048, step_count=step_count) == []


def test_an_allowance_that_no_rollout_reaches_is_told() -> None:
    (note,) = notes(100, step_count={"types": {"VERIFY": {"allowance": 50}}})
    assert "'step_count' is 0 for every rollout" in note


@pytest.mark.parametrize(
    ("term", "params", "beyond"),
    [
        ("laser", {}, ": target 4096 is for longer ones"),
        ("length_target", {"budget": 1e6}, ": budget 1e+06 is for longer ones"),
        ("truncation_bonus", {"delta": 1}, "than correctness; set"),
        ("cosine", {"correct_long": 1.0}, "than correctness: limit 4096 is"),
        ("step_count", {"shape": "sigmoid", "dead_band": 9}, "than correctness; set"),
        ("length_window", {"low": 0, "high": 1}, "than correctness: unknown 4096 is"),
    ],
)
def test_a_term_that_tells_no_correct_rollouts_apart_is_told(
    term: str, params: Any, beyond: str
) -> None:
    (note,) = notes(360, **{term: params})
    assert note.startswith(f"The reward term {term!r} pays all correct rollouts of a problem alike")
    assert beyond in note


@pytest.mark.parametrize("longest", [17, 64, 360])
def test_a_bonus_of_all_that_ended_is_told_where_some_are_cut_off(longest: int) -> None:
    assert len(notes(longest, laser={})) == 1


def test_a_charge_on_being_cut_off_alone_is_not_told() -> None:
    assert notes(17, hard_truncation={"limit": 16}) == []


def test_correctness_under_another_name_is_not_told() -> None:
    assert notes(360, again={"kind": "correctness"}) == []


def test_a_weight_too_small_to_matter_is_told() -> None:
    (note,) = notes(360, step_count={"weight": 1e-12})
    assert "changes the reward by less than 1e-06 at its weight of 1e-12" in note


def test_a_weight_of_nothing_only_logs() -> None:
    assert notes(360, soft_overlong={"weight": 0}) == []


def test_a_term_that_applies_to_no_rollout_is_refused() -> None:
    with pytest.raises(
        UserError, match="'length_target' applies to no rollout.* no problem has bud"
    ):
        notes(360, length_target={}, problems=[{"level": 3}, {}])
    assert notes(360, length_target={}, problems=[{}, {"budget": 200}]) == []
    assert notes(360, length_target={"mode": "exact", "budget": 200}) == []


def test_probes_have_every_length_and_outcome() -> None:
    table, names = probes(REASONTYPE, 100), columns(REASONTYPE)
    of = {name: table[:, names.index(name)] for name in names}
    groups = of["correct"].reshape(-1, 8)
    assert groups.mean(axis=1).tolist() == [i / 8 for i in range(9)]
    assert of["tokens"].min() >= 1 and of["tokens"].max() <= 100
    assert {0.0, 1.0} == set(of["thought"].tolist()) == set(of["format_ok"].tolist())
    assert (of["thinking_tokens"] + of["answer_tokens"] == of["tokens"]).all()
