"""Means, intervals over problems, paired differences."""

from __future__ import annotations

import numpy as np
import pytest

from rl.analysis.estimates import MEASURES, estimate_mean, estimate_ratio, measure, paired
from rl.analysis.panels import band_order, bootstrap_weights, make_panel
from tagger.errors import UserError
from tests.rl.making import sample


def test_accuracy_is_the_mean_over_samples_then_problems() -> None:
    panel = make_panel(
        [sample("a", 0), sample("a", 1, correct=False), sample("b", 0, correct=False)]
    )
    assert panel.per_problem(MEASURES["accuracy"]).tolist() == [0.5, 0.0]
    assert measure(panel, 0)["accuracy"]["mean"] == 0.25


def test_interval_agrees_with_theory() -> None:
    values = np.array([1.0] * 240 + [0.0] * 160)
    e = estimate_mean(values, bootstrap_weights(400, 3))
    half = 1.96 * (0.6 * 0.4 / 400) ** 0.5
    assert e["mean"] == 0.6
    assert e["low"] == pytest.approx(0.6 - half, abs=0.004)
    assert e["high"] == pytest.approx(0.6 + half, abs=0.004)


def test_more_samples_of_the_same_problems_do_not_narrow_the_interval() -> None:
    few = [sample(f"p{i}", 0, correct=i % 2 == 0) for i in range(50)]
    many = [sample(f"p{i}", j, correct=i % 2 == 0) for i in range(50) for j in range(20)]
    assert measure(make_panel(few), 1)["accuracy"] == measure(make_panel(many), 1)["accuracy"]


def test_intervals_are_reproducible_and_depend_on_the_seed() -> None:
    panel = make_panel([sample(f"p{i}", tokens=i * i) for i in range(31)])
    assert measure(panel, 5) == measure(panel, 5)
    assert measure(panel, 5)["tokens"] != measure(panel, 6)["tokens"]


def test_pairing_by_problem_cancels_the_problems_spread() -> None:
    base = [sample(f"p{i}", tokens=100 + 10 * i, correct=i % 2 == 0) for i in range(40)]
    less = [sample(f"p{i}", tokens=80 + 10 * i, correct=i % 2 == 0) for i in range(40)]
    less = less[::-1]  # the order in which an arm was sampled does not matter
    out = paired(make_panel(less), make_panel(base), 0)
    assert out["tokens"] == {"mean": -20.0, "low": -20.0, "high": -20.0}
    assert out["accuracy"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert out["tokens_change"]["mean"] == pytest.approx(-20 / 295, abs=1e-6)
    assert out["problems"] == {"better": 0, "worse": 0, "equal": 40}


def test_paired_counts_problems() -> None:
    base = [sample("a"), sample("b", correct=False), sample("c")]
    new = [sample("a", correct=False), sample("b"), sample("c")]
    out = paired(make_panel(new), make_panel(base), 0)
    assert out["problems"] == {"better": 1, "worse": 1, "equal": 1}


def test_undefined_ratios_are_none() -> None:
    zeros = np.zeros(4)
    assert estimate_ratio(zeros, zeros, bootstrap_weights(4, 0)) == {
        "mean": None,
        "low": None,
        "high": None,
    }


def test_other_problems_are_refused() -> None:
    with pytest.raises(UserError, match="different problems .*'c'"):
        paired(make_panel([sample("c"), sample("a")]), make_panel([sample("a")]), 0)
    with pytest.raises(UserError, match="No samples"):
        make_panel([])


def test_bands_come_in_order_of_difficulty() -> None:
    assert band_order(["hard", "easy", "medium", "easy"]) == ["easy", "medium", "hard"]
    assert band_order(["level 10", "level 2"]) == ["level 2", "level 10"]


def test_ratio_whose_lower_sum_is_often_zero_has_no_interval() -> None:
    below = np.array([0.0] * 11 + [2.0])  # in about a third of the draws nothing is below
    above = np.array([0.0] * 10 + [1.0, 0.0])
    found = estimate_ratio(above, below, bootstrap_weights(12, 0))
    assert found == {"mean": 0.5, "low": None, "high": None}


def test_share_of_pooled_runs_stays_within_its_bounds() -> None:
    weights = bootstrap_weights(8, 0, runs=2)
    share = np.array([1.0] * 4 + [0.9] * 4)
    found = estimate_mean(share, weights, 0.0, 1.0)
    assert found["high"] == 1.0 and 0.0 <= (found["low"] or 0.0) < 0.9
    assert estimate_ratio(share, np.ones(8), weights) == found
