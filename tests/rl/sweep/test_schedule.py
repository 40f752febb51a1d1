"""Which runs a sweep has, given what came out so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.analysis.frontier import Point
from rl.sweep.planning.outcomes import Outcome, Trial
from rl.sweep.planning.outermost import outermost_runs
from rl.sweep.planning.schedule import near_front, schedule
from rl.sweep.planning.tpe import propose, value_of
from rl.sweep.settings.space import Space, read_space
from tagger.errors import UserError
from tests.rl.sweep.making import WEIGHT, make_sweep


def _none(_arm: str, _space: Space, _tried: Sequence[Trial], _count: int) -> list[dict[str, Any]]:
    raise AssertionError("asked for points")


def test_grid_runs_all_settings_seed_by_seed() -> None:
    plan = schedule(make_sweep(seeds=[0, 1]), {}, _none)
    assert plan.complete and plan.planned == 6
    assert [run.seed for run in plan.runs] == [0, 0, 0, 1, 1, 1]
    assert [run.label for run in plan.runs[:3]] == [
        "control", "step_count, weight 0.03", "step_count, weight 0.1",
    ]  # fmt: skip


def test_more_seeds_go_to_settings_near_the_front_and_to_control() -> None:
    config = make_sweep(seeds=[0, 1], more_seeds_within=0.1)
    first = schedule(config, {}, _none)
    assert not first.complete and len(first.runs) == 3 and first.planned == 6
    control, low, high = (run.name for run in first.runs)
    found = {control: Outcome(0.8, 200.0), low: Outcome(0.9, 100.0), high: Outcome(0.9, 115.0)}
    second = schedule(config, found, _none)
    assert second.complete
    assert [run.label for run in second.runs[3:]] == ["control", "step_count, weight 0.03"]


def test_more_seeds_are_spared_for_settings_that_failed() -> None:
    config = make_sweep(seeds=[0, 1], more_seeds_within=0.1)
    control, low, high = (run.name for run in schedule(config, {}, _none).runs)
    found = {control: Outcome(0.8, 200.0), low: Outcome(), high: Outcome(0.9, 115.0)}
    labels = [run.label for run in schedule(config, found, _none).runs[3:]]
    assert labels == ["control", "step_count, weight 0.1"]


def test_runs_of_other_seeds_that_are_done_stay_when_the_front_moves() -> None:
    config = make_sweep(seeds=[0, 1], more_seeds_within=0.1)
    control, low, high = schedule(config, {}, _none).runs
    found = {control.name: Outcome(0.8, 200.0), low.name: Outcome(0.9, 100.0)}
    second = schedule(config, found | {high.name: Outcome()}, _none)
    (again,) = (run for run in second.runs[3:] if run.setting == low.setting)
    found[again.name] = Outcome(0.9, 100.0)
    retried = schedule(config, found, _none)  # the failed one waits again
    assert not retried.complete and again in retried.runs and len(retried.runs) == 4
    moved = schedule(config, found | {high.name: Outcome(0.95, 50.0)}, _none)
    assert moved.complete and again in moved.runs
    assert {run.setting for run in moved.runs if run.seed == 1} == {
        control.setting, low.setting, high.setting,
    }  # fmt: skip


def test_near_front_allows_a_share_of_tokens() -> None:
    best, near, far = Point("a", 100, 0.9), Point("b", 110, 0.9), Point("c", 112, 0.9)
    assert near_front([best, near, far], 0.1) == [best, near]


def test_tpe_is_asked_batch_by_batch_with_what_came_out() -> None:
    config = make_sweep(method="tpe", trials=3, batch=2, vary={WEIGHT: {"log": [0.01, 0.4]}})
    asked: list[tuple[int, int]] = []

    def points(_: str, _s: Space, tried: Sequence[Trial], count: int) -> list[dict[str, Any]]:
        asked.append((len(tried), count))
        return [{WEIGHT: 0.01 * (1 + len(tried) + i)} for i in range(count)]

    first = schedule(config, {}, points)
    assert not first.complete and first.planned == 4 and len(first.runs) == 3
    found = {run.name: Outcome(0.9, 100.0) for run in first.runs}
    second = schedule(config, found, points)
    assert not second.complete and len(second.runs) == 4
    found[second.runs[-1].name] = Outcome()
    assert schedule(config, found, points).complete
    assert asked == [(0, 2), (0, 2), (2, 1), (0, 2), (2, 1)]


def test_a_proposal_that_is_no_run_counts_as_failed_and_is_told() -> None:
    key = "keep_rollouts.every"
    config = make_sweep(method="tpe", trials=2, batch=1, vary={key: {"integer": [-1, 3]}})
    tried: list[Trial] = []

    def points(_: str, _s: Space, known: Sequence[Trial], _c: int) -> list[dict[str, Any]]:
        tried[:] = known
        return [{key: 2 if known else -1}]

    plan = schedule(config, {}, points)
    assert [trial.outcomes[0].failed for trial in tried] == [True]
    assert [run.label for run in plan.runs] == ["control", "step_count, every 2"]
    assert len(plan.refused) == 1 and "In the run 'step_count, every -1'" in plan.refused[0]
    with pytest.raises(UserError, match="In the run 'step_count, every -1'"):
        outermost_runs(config)


def test_ends_of_what_tpe_may_propose_are_runs_to_check() -> None:
    vary = {WEIGHT: {"log": [0.01, 0.4]}, "grpo.loss_type": ["grpo", "dapo"]}
    config = make_sweep(method="tpe", trials=3, vary=vary, seeds=[4, 5])
    points = [(run.point[WEIGHT], run.point["grpo.loss_type"]) for run in outermost_runs(config)]
    assert points == [(0.01, "grpo"), (0.4, "grpo"), (0.01, "dapo")]
    assert {run.seed for run in outermost_runs(config)} == {4}
    assert outermost_runs(make_sweep()) == []


def test_tpe_refuses_arms_with_the_same_settings() -> None:
    arms: dict[str, Any] = {"a": {"vary": {}}, "b": {"vary": {}}, "c": {}}
    config = make_sweep(method="tpe", trials=2, arms=arms)
    with pytest.raises(UserError, match="'a' and 'b' have the same settings"):
        schedule(config, {}, lambda *_: [{WEIGHT: 0.1}])


def test_value_of_a_trial_is_a_mean_over_seeds() -> None:
    trial = Trial({}, [Outcome(0.8, 100.0), Outcome(0.9, 120.0)])
    assert value_of(trial, None) == [pytest.approx(0.85), 110.0]
    assert value_of(trial, 10.0) == [pytest.approx(85.0 - 11.0)]
    assert value_of(Trial({}, [Outcome(0.8, 100.0), Outcome()]), None) is None


def test_tpe_proposes_the_same_points_from_the_same_trials() -> None:
    space = read_space({"a": {"log": [0.01, 1]}, "b": ["x", "y"], "c": {"integer": [1, 3]}})
    tried = [
        Trial({"a": 0.01, "b": "x", "c": 1}, [Outcome(0.9, 100.0)]),
        Trial({"a": 1.0, "b": "y", "c": 3}, [Outcome()]),
    ]
    one = propose(space, tried, 2, trials=8, seed=3)
    assert one == propose(space, tried, 2, trials=8, seed=3)
    assert one != propose(space, tried, 2, trials=8, seed=4)
    for point in one:
        assert 0.01 <= point["a"] <= 1 and point["b"] in ("x", "y") and point["c"] in (1, 2, 3)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=8))
def test_near_front_holds_the_front(places: list[tuple[int, int]]) -> None:
    points = [Point(str(i), t, a / 10) for i, (t, a) in enumerate(places)]
    near = near_front(points, 0.1)
    best = max(points, key=lambda p: (p.accuracy, -p.tokens))
    assert best in near
