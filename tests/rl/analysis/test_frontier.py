"""Choosing thresholds, the upper hull, and a policy against all monitored points."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rl.analysis.frontier import Choice, Point, against_frontier, choose, upper_hull
from rl.analysis.panels import Panel, make_panel
from tests.rl.making import sample


def arm(tokens: int, right: Sequence[int]) -> Panel:
    """Ten problems; those listed are answered correctly."""
    return make_panel([sample(f"p{i}", tokens=tokens, correct=i in right) for i in range(10)])


def test_cheapest_point_that_keeps_the_accuracy() -> None:
    points = [Point("a", 50, 0.70), Point("b", 80, 0.89), Point("c", 90, 0.95)]
    assert choose(points, 0.89) == Choice("b", True)
    assert choose(points, 0.90) == Choice("c", True)
    assert choose(points, 0.99) == Choice("c", False)


def test_hull_drops_points_a_mixture_beats() -> None:
    points = [
        Point("cheap", 10, 0.2), Point("below", 20, 0.25), Point("knee", 30, 0.7),
        Point("top", 60, 0.9), Point("dear", 80, 0.85),
    ]  # fmt: skip
    assert [p.name for p in upper_hull(points)] == ["cheap", "knee", "top"]


def test_policy_against_points_and_mixture() -> None:
    base = arm(100, range(10))
    monitored = {"low": arm(20, range(4)), "mid": arm(60, range(8))}
    out = against_frontier(arm(40, range(9)), base, monitored, 0)
    assert out["hull"] == ["low", "mid", "base"]
    assert out["as_cheap"] == 1
    assert out["points"]["low"]["accuracy_difference"]["mean"] == 0.5
    assert out["points"]["low"]["above"] and not out["points"]["mid"]["as_cheap"]
    assert out["above_all"] is True
    assert out["mixture"] == {"low": 0.5, "mid": 0.5}
    assert out["at_equal_tokens"]["mean"] == pytest.approx(0.9 - (0.4 + 0.8) / 2)


def test_interval_at_equal_tokens_takes_in_what_the_costs_vary_by() -> None:
    def half(tokens: Sequence[int], right: Sequence[int]) -> Panel:
        """Ten problems with two samples; the numbers of those that are correct are listed."""
        rows = [
            sample(f"p{i}", number, tokens=tokens[i % 2], correct=number in right)
            for i in range(10)
            for number in range(2)
        ]
        return make_panel(rows)

    base, points = (
        half((99, 99), (0, 1)),
        {"low": half((20, 20), ()), "mid": half((60, 60), (0, 1))},
    )
    sure = against_frontier(half((40, 40), (0,)), base, points, 0)["at_equal_tokens"]
    assert sure == {"mean": 0.0, "low": 0.0, "high": 0.0}
    # Ten tokens more or less than 40, at 1 / 40 a token: a standard error of 0.25 / sqrt(10).
    found = against_frontier(half((30, 50), (0,)), base, points, 0)["at_equal_tokens"]
    assert found["mean"] == pytest.approx(0, abs=1e-6)
    assert (found["low"], found["high"]) == pytest.approx((-0.155, 0.155), abs=0.01)


def test_a_point_that_is_as_right_and_as_cheap_is_not_below() -> None:
    base = arm(100, range(10))
    out = against_frontier(arm(40, range(5)), base, {"same": arm(40, range(5))}, 0)
    assert out["above_all"] is False
    assert out["at_equal_tokens"]["mean"] == 0.0


def test_nothing_as_cheap_is_no_victory() -> None:
    out = against_frontier(arm(5, range(5)), arm(100, range(10)), {"m": arm(40, range(5))}, 0)
    assert out["as_cheap"] == 0
    assert out["above_all"] is None
    assert out["at_equal_tokens"] is None


def test_dearer_than_all_is_measured_against_the_top() -> None:
    base = arm(100, range(8))
    out = against_frontier(arm(150, range(10)), base, {"m": arm(40, range(5))}, 0)
    assert out["mixture"] == {"base": 1.0}
    assert out["at_equal_tokens"]["mean"] == pytest.approx(0.2)
