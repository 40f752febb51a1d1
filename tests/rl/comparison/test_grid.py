"""Grids of rules, and budgets as shares of what base uses."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl.comparison.grid import grid_points, has_shares, rule_points, with_limits
from tests.rl.making import sample, step

FREE = [
    sample("a", thinking_tokens=100, steps=(step(), step())),
    sample("b", thinking_tokens=61, steps=(step(),) * 5),
]  # means: 80.5 thinking tokens, 3.5 steps


def test_with_limits_takes_shares_of_the_means() -> None:
    rules = {
        "count": {"limit": [1, 2]},
        "step_budget": {"share": 0.5},
        "token_budget": {"limit": [64, 20], "share": [0.25, 0.8, 2.0]},
    }
    resolved, rows = with_limits(rules, FREE)
    assert resolved == {
        "count": {"limit": [1, 2]},
        "step_budget": {"limit": [2]},  # round(1.75)
        "token_budget": {"limit": [64, 20, 161]},  # 0.25: 20, 0.8: 64, as given already
    }
    assert [(r["key"], r["value"]) for r in rows] == [
        ("rules.step_budget.limit", 2),
        ("rules.token_budget.limit", 20),
        ("rules.token_budget.limit", 64),
        ("rules.token_budget.limit", 161),
    ]
    assert rows[1]["source"] == (
        "0.25 of base's mean of 80.5 thinking tokens on the calibration problems"
    )
    assert not has_shares(resolved) and has_shares(rules)
    assert rules["step_budget"] == {"share": 0.5}
    half, _ = with_limits({"half": {"kind": "token_budget", "share": 0.5}}, FREE)
    assert half == {"half": {"kind": "token_budget", "limit": [40]}}


@given(st.floats(1e-6, 10), st.integers(0, 10_000))
def test_with_limits_makes_whole_limits_of_at_least_one(share: float, tokens: int) -> None:
    free = [sample("a", thinking_tokens=tokens)]
    resolved, _ = with_limits({"token_budget": {"share": [share]}}, free)
    (limit,) = resolved["token_budget"]["limit"]
    assert isinstance(limit, int) and limit >= 1
    assert limit == 1 or abs(limit - share * tokens) <= 0.5


def test_rule_points_have_limits_and_shares() -> None:
    points = rule_points("token_budget", {"limit": [8], "share": [0.25, 0.5]})
    assert [p.name for p in points] == [
        "monitored_token_budget_8",
        "monitored_token_budget_share0.25",
        "monitored_token_budget_share0.5",
    ]
    assert points[2].example() == {"name": "token_budget", "limit": 1}
    assert points[0].example() == points[0].config() == {"name": "token_budget", "limit": 8}
    (single,) = grid_points({"step_budget": {"share": 0.5, "limt": 3}})
    assert single.example() == {"name": "step_budget", "limt": 3, "limit": 1}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3, "3"),
        (3.0, "3"),
        (0.25, "0.25"),
        (1e6, "1000000"),
        (1234567, "1234567"),
        (1e-7, "1e-07"),
        (1e300, "1e300"),
    ],
)
def test_point_names_its_number(number: float, text: str) -> None:
    (point,) = grid_points({"count": {"limit": [number]}})
    assert (point.name, point.label) == (f"monitored_count_{text}", f"count, limit {text}")


@given(st.one_of(st.integers(0, 10**20), st.floats(0, allow_infinity=False)))
def test_point_names_tell_numbers_apart(number: float) -> None:
    (point,) = grid_points({"token_budget": {"share": [number]}})
    text = point.name.removeprefix("monitored_token_budget_share")
    assert type(number)(text) == number and re.fullmatch(r"[0-9.e-]+", text)


@given(st.one_of(st.integers(0, 10**5), st.integers(0, 10**5).map(lambda n: n / 1000)))
def test_point_names_are_those_of_earlier_versions_where_these_were_exact(number: float) -> None:
    (point,) = grid_points({"count": {"limit": [number]}})
    if float(f"{number:g}") == number:
        assert point.name == f"monitored_count_{number:g}"
