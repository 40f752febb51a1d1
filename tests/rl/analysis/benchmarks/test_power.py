"""How many problems a margin needs, by hand and as laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.analysis.benchmarks.power import (
    Variance,
    pair_variance,
    power_of,
    problems_needed,
    recorded_variance,
    stated_variance,
)
from rl.analysis.panels import make_panel, pool
from tagger.errors import UserError
from tests.rl.making import sample


def panel(*correct: str, runs: int = 1):  # type: ignore[no-untyped-def]
    """A panel from one text a problem, `+` a correct and `-` an incorrect answer."""
    size = len(correct) // runs
    parts = [
        [
            sample(f"p{i}", j, correct=mark == "+")
            for i, marks in enumerate(correct[run * size : (run + 1) * size])
            for j, mark in enumerate(marks)
        ]
        for run in range(runs)
    ]
    return make_panel(pool(parts), runs=runs)


def test_pair_variance_by_hand() -> None:
    # Differences of paired answers: (0, 0), (-1, 0), (1, -1), (0, 1); variances 0, 0.5, 2, 0.5.
    a = panel("++", "--", "+-", "++")
    b = panel("++", "+-", "-+", "+-")
    found = pair_variance(a, b)
    assert found["within"] == pytest.approx(0.75)
    # Means 0, -0.5, 0, 0.5 vary by 1/6, all of it chance within problems: 0.75 / 2 is more.
    assert found["between"] == 0.0
    wide = pair_variance(panel("++", "--", "++"), panel("--", "++", "+-"))
    # Means 1, -1, 0.5 vary by 13/12; within: 0, 0, 0.5, on average 1/6, halved 1/12.
    assert (wide["between"], wide["within"]) == (pytest.approx(1.0), pytest.approx(1 / 6))
    # Accuracies 1, 0, 1 and 0, 1, 1/2.
    assert wide["correlation"] == pytest.approx(-0.866025, abs=1e-6)
    assert wide["between_runs"] is None and wide["runs"] == 1


def test_pair_variance_of_single_answers_holds_both_parts() -> None:
    found = pair_variance(panel("+", "-", "+", "+"), panel("-", "-", "+", "+"))
    assert found["within"] is None
    assert found["between"] == pytest.approx(0.25)  # of 1, 0, 0, 0
    with pytest.raises(UserError, match="samples=2 or more"):
        Variance(0.25).of_a_problem(4)


def test_pair_variance_of_several_runs() -> None:
    a, b = panel("++", "--", "++", "++", runs=2), panel("--", "--", "--", "--", runs=2)
    found = pair_variance(a, b)
    assert found["runs"] == 2
    assert found["between_runs"] == pytest.approx(0.125)  # of 0.5 and 1
    assert found["between"] == pytest.approx(0.125)  # of 1 and 0.5, no chance within problems


def test_problems_needed_by_hand() -> None:
    # (1.959964 + 0.841621)² = 7.848880; × 0.1 / 0.02² = 1962.22
    assert problems_needed(Variance(0.1), 0.02, 1) == 1963
    # (1.959964 + 1.281552)² = 10.507423; (0.02 + 0.4 / 4) / 0.05² = 48
    assert problems_needed(Variance(0.02, 0.4), 0.05, 4, power=0.9) == math.ceil(10.507423 * 48)
    assert problems_needed(Variance(0.1), 0.02, 1, expected=0.01) == math.ceil(7.848880 * 1000 / 9)
    assert problems_needed(Variance(0.0001), 0.1, 1) == 20  # fewer settle no claim
    assert problems_needed(Variance(0.1), 0.02, 1, expected=-0.02) is None
    # Two runs whose difference varies by 2e-4: 1e-4 is more than (0.02 / 2.8016)² = 5.096e-5.
    assert problems_needed(Variance(0.1, 0.0, 2e-4, 2), 0.02, 1) is None


def test_power_of_pooled_runs_is_that_of_students_interval() -> None:
    """Against intervals of drawn differences; by the normal distribution it would be 0.997."""
    variance, rng = Variance(0.04, 0.0, 1e-4, 3), np.random.default_rng(3)
    means = rng.normal(0, math.sqrt(4e-5 + 1e-4 / 3), 40_000)
    estimated = np.sqrt(1e-4 * rng.chisquare(2, 40_000) / 2)
    # The draws of an interval: of problems normal, of runs Student's, as of `run_weights`.
    of_problems, of_runs = rng.normal(0, math.sqrt(4e-5), 20_000), rng.standard_t(2, 20_000)
    grid = np.linspace(0, estimated.max(), 40)
    ends = [np.quantile(of_problems + s / math.sqrt(3) * of_runs, 0.025) for s in grid]
    expected = float((means + np.interp(estimated, grid, ends) > -0.04).mean())
    assert expected < 0.9
    assert power_of(variance, 0.04, 1, 1000) == pytest.approx(expected, abs=0.03)
    needed = problems_needed(variance, 0.04, 1)
    assert needed is not None and needed < 1000
    assert power_of(variance, 0.04, 1, needed) >= 0.8 > power_of(variance, 0.04, 1, needed - 1)
    # A margin of 2 points, which three such runs would seldom show on any number of problems.
    assert problems_needed(variance, 0.02, 1) is None
    assert problems_needed(Variance(0.1, 0.0, 0.0, 3), 0.02, 1) == 1963  # runs that do not differ


def test_stated_variance_by_hand() -> None:
    assert stated_variance(0.8, 0.5).between == pytest.approx(0.16)  # 2 · 0.16 · (1 - 0.5)
    parts = stated_variance(0.8, 0.5, 0.6)
    assert (parts.between, parts.within) == (pytest.approx(0.032), pytest.approx(0.128))
    with pytest.raises(UserError, match="is below --correlation 0.5"):
        stated_variance(0.8, 0.5, 0.4)
    with pytest.raises(UserError, match=r"--accuracy plus --expected is 1.1"):
        stated_variance(0.8, 0.5, expected=0.3)


def test_a_pilot_of_an_earlier_version_or_without_differences_is_refused() -> None:
    with pytest.raises(UserError, match="suffice compare --resume RUN"):
        recorded_variance({}, "trained_vs_base")
    none = {"between": 0.0, "within": 0.0, "between_runs": None, "runs": 1, "correlation": None}
    with pytest.raises(UserError, match="equally accurate on every problem"):
        recorded_variance({"variance": none}, "trained_vs_base")


variances = st.builds(Variance, st.floats(0.01, 0.3), st.floats(0.0, 0.5))


@settings(max_examples=25, deadline=None)
@given(variances, st.floats(0.005, 0.2), st.integers(1, 8), st.sampled_from((0.8, 0.9)))
def test_problems_needed_are_the_fewest_that_reach_the_power(
    variance: Variance, margin: float, samples: int, power: float
) -> None:
    needed = problems_needed(variance, margin, samples, power=power)
    assert needed is not None
    assert power_of(variance, margin, samples, needed) >= power - 1e-9
    if needed > 20:
        assert power_of(variance, margin, samples, needed - 1) < power + 1e-9
    more = problems_needed(variance, margin, samples + 1, power=power)
    assert more is not None and more <= needed


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text("+-", min_size=3, max_size=3)), min_size=3, max_size=8))
def test_pair_variance_adds_up_to_that_of_the_means(rows: list[tuple[str]]) -> None:
    a = panel(*(row[0] for row in rows))
    b = panel(*(row[0][::-1] for row in rows[::-1]))
    found = pair_variance(a, b)
    means = [panel.per_problem(lambda s: float(s.correct)) for panel in (a, b)]
    observed = float(np.subtract(*means).var(ddof=1))
    # Equal unless chance within problems explains more than all of it.
    assert found["between"] == pytest.approx(max(0.0, observed - found["within"] / 3), abs=1e-7)
