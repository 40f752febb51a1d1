"""Fronts, pooled estimates and the recommendation, with numbers by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.analysis.frontier import Point
from rl.analysis.panels import Panel, make_panel
from rl.sweep.analysis.front import hypervolume, pareto_front
from rl.sweep.analysis.outside import outside_thinking
from rl.sweep.analysis.pooled import against, draws, mean_estimates, ratio_draws, selectivity
from rl.sweep.analysis.recommend import recommend, recommended
from rl.sweep.analysis.speed import first_tokens, read_tokens, steps_to_saving
from tests.rl.synthetic import make_sample


def test_pareto_front_keeps_what_nothing_dominates() -> None:
    a, b, c, d = Point("a", 50, 0.7), Point("b", 60, 0.7), Point("c", 80, 0.9), Point("d", 90, 0.8)
    assert pareto_front([d, c, b, a]) == [a, c]
    assert pareto_front([a, replace(a, name="twin")]) == [a]


def test_hypervolume_is_a_share_of_the_rectangle() -> None:
    corner = Point("base", 100, 0.8)
    half = Point("x", 50, 0.9)
    assert hypervolume([half], corner) == pytest.approx(0.25)
    # 50 x 0.1 and 20 x 0.05 of 100 x 0.2
    assert hypervolume([half, Point("y", 80, 0.95)], corner) == pytest.approx(6 / 20)
    assert hypervolume([Point("worse", 120, 0.99), Point("w", 10, 0.7)], corner) == 0
    assert hypervolume([half], Point("perfect", 100, 1.0)) is None


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 10)), max_size=6),
    st.tuples(st.integers(0, 120), st.integers(0, 10)),
)
def test_hypervolume_never_falls_with_another_point(
    places: list[tuple[int, int]], more: tuple[int, int]
) -> None:
    corner = Point("base", 100, 0.5)
    points = [Point("", t, a / 10) for t, a in places]
    one, two = hypervolume(points, corner), hypervolume(
        [*points, Point("", more[0], more[1] / 10)], corner
    )  # fmt: skip
    assert one is not None and two is not None
    assert 0 <= one <= two + 1e-12 and two <= 1


def _panel(correct: list[bool], tokens: int, **changes: Any) -> Panel:
    rows = [make_sample("base", i, 0, None) for i in range(len(correct))]
    pairs = zip(rows, correct, strict=True)
    return make_panel([replace(r, correct=c, tokens=tokens, **changes) for r, c in pairs])


def test_mean_over_seeds_has_a_wider_interval_than_problems_alone() -> None:
    both = {
        "same": np.array([[0.0, 1, 0, 1]] * 2),
        "apart": np.array([[0.0, 0, 0, 0], [1.0, 1, 1, 1]]),
    }
    same, apart = mean_estimates(both, 0).values()
    assert same["mean"] == apart["mean"] == 0.5
    # Two runs at 0 and 1: their mean is within 12.7 times 1/2, and an amount is not below 0.
    assert apart["low"] == 0.0 and apart["high"] == pytest.approx(0.5 + 12.706 / 2, rel=0.1)
    assert same["low"] is not None and 0 <= same["low"] < 0.5


def test_ratio_draws_of_one_run_are_those_of_its_problems() -> None:
    ones = np.ones((1, 4))
    above, below = draws([ones * 3, ones * 2], 0)
    assert np.allclose(above, 3) and np.allclose(ratio_draws(above, below, 0), 1.5)


def test_against_pairs_seeds_where_both_have_them() -> None:
    own = [_panel([True, True], 50), _panel([True, False], 70)]
    other = [_panel([True, False], 100), _panel([False, False], 140)]
    found = against(own, [0, 1], other, [0, 1], 0)
    assert found["accuracy"]["mean"] == 0.5
    assert found["tokens_change"] == {"mean": -0.5, "low": -0.5, "high": -0.5}
    unpaired = against(own, [0, 2], other, [0, 1], 0)
    assert unpaired["tokens_change"]["mean"] == -0.5
    assert unpaired["tokens_change"]["low"] != -0.5
    apart = [_panel([True, True], 10), _panel([True, True], 190)]
    most = against(apart, [0, 1], [_panel([True, True], 100)] * 2, [0, 1], 0)["tokens_change"]
    assert most["low"] == -1.0 and most["high"] is not None and most["high"] > 5  # 12.7 times 0.9


def test_selectivity_is_the_difference_of_two_rates() -> None:
    rows = [make_sample("base", i, 0, None) for i in range(4)]
    spec = [(False, 1), (False, 0), (True, 0), (True, 0)]
    panel = make_panel(
        [
            replace(r, first_answer_correct=first, verification_steps=steps)
            for r, (first, steps) in zip(rows, spec, strict=True)
        ]
    )
    found = selectivity([panel], 0)
    assert found["verified_if_first_incorrect"]["mean"] == 0.5
    assert found["verified_if_first_correct"]["mean"] == 0
    assert found["difference"]["mean"] == 0.5


def test_rates_of_runs_that_differ_stay_shares() -> None:
    """Of two runs of which one alone verifies, Student's interval is far wider than what can be."""

    def run(steps: int) -> Panel:
        rows = [make_sample("base", i, j, None) for i in range(4) for j in range(2)]
        return make_panel(
            [replace(r, first_answer_correct=i % 2 == 0, verification_steps=steps * (i % 2))
             for i, r in enumerate(rows)]
        )  # fmt: skip

    found = selectivity([run(0), run(1)], 0)
    assert found["verified_if_first_incorrect"] == {"mean": 0.5, "low": 0.0, "high": 1.0}
    assert found["difference"] == {"mean": 0.5, "low": -1.0, "high": 1.0}


def test_selectivity_is_unknown_without_incorrect_first_answers() -> None:
    found = selectivity([_panel([True], 5, first_answer_correct=True)], 0)
    assert found["difference"] == {"mean": None, "low": None, "high": None}


def _setting(name: str, accuracy: float, tokens: float, change: float) -> dict[str, object]:
    gap = {"mean": -0.01, "low": -0.03, "high": 0.01}
    return {
        "name": name,
        "label": name,
        "seeds": [0, 1],
        "calibration": {"accuracy": accuracy, "tokens": tokens},
        "accuracy": {"mean": 0.9},
        "tokens": {"mean": tokens},
        "against": {"control": {"accuracy": gap, "tokens_change": {"mean": change}}},
    }


def test_recommendation_is_the_cheapest_within_the_tolerance_on_calibration() -> None:
    calibration = {"accuracy": 0.9, "tokens": 100.0}
    control = {"name": "control", "label": "control", "calibration": calibration}
    settings = [_setting("a", 0.895, 80, -0.2), _setting("b", 0.87, 40, -0.6)]
    found = recommend(settings, control, 0.01)
    assert found is not None and found["setting"] == "a" and found["kept_accuracy"]
    assert found["text"] == (
        "Recommended: a, the cheapest setting within 1 point of control on the calibration"
        " problems: 90.0 % correct at 80.0 tokens on the test problems, 20 % fewer tokens than"
        " control at −1.0 points (−3.0 to +1.0; 2 seeds)."
    )
    none = recommend(settings[1:], control, 0.02)
    assert none is not None and not none["kept_accuracy"]
    assert none["text"].startswith("No setting keeps the accuracy of control within 2 points")
    assert recommend([], control, 0.01) is None
    same = recommend([_setting("c", 0.9, 99, 0.001)], control, 0.01)
    assert same is not None and "as many tokens as control" in same["text"]


def test_recommendation_holds_a_setting_against_the_runs_of_control_with_its_seeds() -> None:
    by_run = {"accuracy": [0.8, 0.92, 0.98], "tokens": [60.0, 110.0, 130.0]}
    calibration = {"accuracy": 0.9, "tokens": 100.0, "by_run": by_run}
    control = {
        "name": "control", "label": "control", "seeds": [0, 1, 2], "calibration": calibration,
    }  # fmt: skip
    alone = _setting("one seed", 0.8, 80, -0.2) | {"seeds": [0]}
    assert recommend([alone], control, 0.01)["kept_accuracy"]  # type: ignore[index]
    other = alone | {"seeds": [7]}  # control has not run with it: its mean counts
    assert not recommend([other], control, 0.01)["kept_accuracy"]  # type: ignore[index]
    found = [recommend([one], control, 0.2) for one in (alone, other)]  # 80 tokens: of 60, of 100
    assert [one["saves_tokens"] for one in found] == [False, True]  # type: ignore[index]


def test_a_recommendation_that_the_test_problems_contradict_says_so() -> None:
    calibration = {"accuracy": 0.9, "tokens": 100.0}
    control = {"name": "control", "label": "control", "calibration": calibration}
    one = _setting("a", 0.9, 80, -0.2)  # a point under control on the test problems
    assert recommend([one], control, 0.01)["confirmed"]  # type: ignore[index]
    found = recommend([one], control, 0.005)
    assert found is not None and found["kept_accuracy"] and not found["confirmed"]
    assert found["text"] == (
        "Recommended by the calibration problems, not confirmed by the test problems: a, the"
        " cheapest setting within 0.5 points of control on the former, costs more accuracy on the"
        " latter: 90.0 % correct at 80.0 tokens on the test problems, 20 % fewer tokens than"
        " control at −1.0 points (−3.0 to +1.0; 2 seeds)."
    )


def test_a_setting_that_costs_more_tokens_than_control_is_not_recommended() -> None:
    calibration = {"accuracy": 0.9, "tokens": 100.0}
    control = {"name": "control", "label": "control", "calibration": calibration}
    settings = [_setting("a", 0.95, 120, 0.2), _setting("b", 0.85, 40, -0.6)]
    found = recommend(settings, control, 0.01)
    assert found is not None and found["kept_accuracy"] and not found["saves_tokens"]
    assert found["text"].startswith(
        "No setting within 1 point of control saves tokens on the calibration problems; the"
        " cheapest one there is a: 90.0 % correct at 120.0 tokens on the test problems, 20 % more"
    )
    assert recommended({"recommendation": found}) is None
    assert recommended({"recommendation": found | {"saves_tokens": True}}) == "a"


def test_steps_to_saving_is_the_end_of_the_first_window_below_the_share() -> None:
    tokens = dict.fromkeys(range(1, 6), 100.0) | dict.fromkeys(range(6, 31), 50.0)
    # Of the ten steps up to 13 two have 100 and eight 50: the mean is 60.
    assert steps_to_saving(tokens, 100.0, 0.4) == 13
    assert steps_to_saving(tokens, 100.0, 0.51) is None
    assert steps_to_saving({1: 1.0}, 100.0, 0.4) is None
    assert first_tokens([{1: 100.0, 2: 1.0}, {1: 120.0}, {}]) == 110.0
    assert first_tokens([]) is None


def test_tokens_of_a_repeated_step_are_the_last_ones(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    assert read_tokens(file) == {}
    rows = [{"step": 1, "facts/tokens": 9.0}, {"step": 2}, {"step": 1, "facts/tokens": 8.0}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_tokens(file) == {1: 8.0}


def test_verification_that_moved_out_of_the_thinking_is_told() -> None:
    def setting(name: str, inside: float, outside: float) -> dict[str, Any]:
        means = {"verification_steps": inside, "outside_verification": outside}
        return {"name": name, "label": name, **{key: {"mean": v} for key, v in means.items()}}

    control = setting("control", 2.5, 0.05)
    (row,) = outside_thinking([setting("honest", 0.6, 0.1), setting("moved", 0.4, 0.22)], control)
    assert (row["setting"], row["steps"]) == ("moved", 0.22)
    assert (
        "0.22 verification steps an answer stand outside the thinking (control: 0.05)"
        in row["text"]
    )
