"""`length_budget`: ACOER's formula worked by hand, and its moving budget."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import log
from typing import Any, cast

import pytest
import torch

from rewards.stack import build_stack
from rewards.terms.length.length_budget import LengthBudget
from rewards.terms.registry import build_term
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import cut_off, rollout, table, values


def built(params: dict[str, Any]) -> LengthBudget:
    return cast(LengthBudget, build_term("length_budget", params, REASONTYPE))


def show(term: Any, rows: Sequence[dict[str, float]]) -> None:
    term.observe(table(rows), torch.zeros(len(rows), dtype=torch.long))


@pytest.mark.parametrize(
    ("rows", "params", "expected"),
    [
        pytest.param(  # shares 0, 1/4, 1 and more than 1 of the budget
            [rollout(1, n) for n in (0, 1024, 4096, 9000)],
            {},
            [1, log(1 + 5 * 0.75) / log(6), 0, 0],
            id="initial budget",
        ),
        pytest.param([rollout(0, 9), rollout(0, 90)], {}, [0, 0], id="incorrect"),
        pytest.param([cut_off(1, 9), cut_off(0, 9)], {}, [0, 0], id="cut off"),
        pytest.param(
            [rollout(1, 50)] * 2,
            {"initial": 100, "log_scale": 3},
            [log(2.5) / log(4)] * 2,
            id="same",
        ),
        pytest.param(
            [rollout(1, 90, thinking_tokens=50)],
            {"initial": 100, "length": "thinking"},
            [log(3.5) / log(6)],
            id="thinking only",
        ),
    ],
)
def test_length_budget_by_hand(
    rows: list[dict[str, float]], params: dict[str, Any], expected: list[float]
) -> None:
    assert values("length_budget", rows, params) == pytest.approx(expected, abs=1e-6)


def test_length_budget_follows_the_correct_lengths() -> None:
    term = built({"warmup": 0, "floor": 100})
    assert term.budget == 4096
    show(term, [rollout(1, 900), rollout(1, 1100), rollout(0, 9), cut_off(1, 9000)])
    assert term.budget == pytest.approx(850)
    show(term, [rollout(0, 9), cut_off(1, 9000)])  # nobody correct and finished: passed over
    assert term.budget == pytest.approx(850)
    show(term, [rollout(1, 490)])  # 1,000 + 2/51 of 490 - 1,000
    assert term.budget == pytest.approx(0.85 * 980)
    found = term(table([rollout(1, 0.85 * 490)]), torch.tensor([0]))
    assert found.tolist() == pytest.approx([log(3.5) / log(6)], abs=1e-6)


def test_length_budget_keeps_to_floor_and_warm_up() -> None:
    term = built({"warmup": 2})
    for expected in (4096, 4096, 512):
        show(term, [rollout(1, 300)])
        assert term.budget == expected


def test_length_budget_saves_its_mean_with_the_checkpoint() -> None:
    config = {"length_budget": {"weight": 0.1, "warmup": 0, "floor": 1}}
    stack, resumed = build_stack(config, REASONTYPE), build_stack(config, REASONTYPE)
    rows = table([rollout(1, 700), rollout(1, 100), rollout(0, 50)])
    groups = torch.tensor([0, 0, 0])
    fresh = stack.table(rows, groups)
    stack.observe(rows, groups, stack.table(rows, groups), step=0)
    resumed.load_state_dict(json.loads(json.dumps(stack.state_dict())))
    assert torch.equal(resumed.table(rows, groups), stack.table(rows, groups))
    assert not torch.equal(stack.table(rows, groups), fresh)
