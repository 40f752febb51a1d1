"""`accuracy_floor`: its law step by step, its floor, its estimate of accuracy."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.weights import Evaluated, Site, build_weight
from rewards.weights.control.accuracy_estimate import AccuracyEstimate
from rewards.weights.control.accuracy_floor import AccuracyFloor
from rewards.weights.control.floor_law import LogWeight, moved
from tests.rewards.weights.batches import LONGER, batch

LIMITS = (1e-4, 1.0)


def step(now: LogWeight, slack: float, **changes: Any) -> LogWeight:
    given_ = {"scale": 0.02, "steps": 1, "rate": 0.1, "window": 20, "limits": LIMITS, **changes}
    return moved(now, slack, **given_)


def test_law_moves_the_logarithm() -> None:
    start = LogWeight.at(0.01)
    # u = 1.0 - 0.2, at half the pace; then u = -1 (cut), at full pace.
    assert step(start, 0.02).weight == pytest.approx(0.01 * exp(0.04))
    assert step(start, -0.1).weight == pytest.approx(0.01 * exp(-0.1))
    assert step(start, 0.004).weight == pytest.approx(0.01)  # at the aim
    assert step(start, -0.1, steps=3).weight == pytest.approx(0.01 * exp(-0.3))
    assert step(start, -0.1, steps=30).weight == pytest.approx(0.01 * exp(-1))


def test_law_returns_to_the_running_mean_at_a_crossing() -> None:
    now = LogWeight(log(0.08), log(0.02), side=1)
    trail = log(0.02) + (1 - exp(-1 / 30)) * log(4)
    found = step(now, -0.1)
    assert (found.crossings, found.side) == (1, -1)
    assert found.trail == pytest.approx(trail)
    assert found.log == pytest.approx(trail - 0.1 / sqrt(2))
    assert step(found, -0.1).log == pytest.approx(found.log - 0.1 / sqrt(2))  # no crossing


def test_law_keeps_limits_and_least_gain() -> None:
    assert step(LogWeight.at(1e-4), -1.0).weight == pytest.approx(1e-4)
    assert step(LogWeight.at(1.0), 1.0).weight == pytest.approx(1.0)
    worn = LogWeight(log(0.01), log(0.01), side=1, crossings=999)
    assert step(worn, 0.1).weight == pytest.approx(0.01 * exp(0.1 * 0.05))
    assert step(worn, 0.1, may_rise=False).weight == pytest.approx(0.01)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=30),
    st.sampled_from([0.01, 0.5, 100.0]),
)
def test_law_does_not_depend_on_the_unit_of_the_weight(slacks: list[float], unit: float) -> None:
    one, other = LogWeight.at(0.01), LogWeight.at(0.01 * unit)
    for slack in slacks:
        one = step(one, slack)
        other = step(other, slack, limits=(1e-4 * unit, unit))
        assert other.weight == pytest.approx(one.weight * unit)


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_law_rises_with_accuracy(one: float, other: float) -> None:
    low, high = sorted((one, other))
    now = LogWeight(log(0.01), log(0.01), side=1)
    assert step(now, low).weight <= step(now, high).weight + 1e-12


def test_estimate_is_an_exponential_mean_with_its_error() -> None:
    estimate = AccuracyEstimate(window=2)
    estimate.see(0.8, 0.04, 1)
    assert (estimate.value, estimate.error) == pytest.approx((0.8, 0.04))
    estimate.see(0.9, 0.02, 1)
    a = 1 - exp(-0.5)
    first, second = (1 - a) * a, a
    whole = first + second
    assert estimate.value == pytest.approx((first * 0.8 + second * 0.9) / whole)
    assert estimate.error == pytest.approx(sqrt((first * 0.04) ** 2 + (second * 0.02) ** 2) / whole)


def test_estimate_is_put_right_by_evaluations() -> None:
    """Rollouts at 0.9 and rising, the evaluation 0.05 below those around it."""
    estimate = AccuracyEstimate(window=4)
    for i, accuracy in enumerate([0.86, 0.88, 0.90, 0.92]):
        if i == 2:
            estimate.evaluated(0.84)  # among 0.86 0.88 | 0.90 0.92, mean 0.89
        estimate.see(accuracy, 0.01, 1)
    plain = AccuracyEstimate(window=4)
    for accuracy in [0.86, 0.88, 0.90, 0.92]:
        plain.see(accuracy, 0.01, 1)
    assert estimate.value == pytest.approx(plain.value - 0.05)


def test_estimate_counts_steps_where_a_batch_serves_several() -> None:
    """As above, each batch of two steps: the window of four covers two of them."""
    estimate, plain = AccuracyEstimate(window=4), AccuracyEstimate(window=4)
    for i, accuracy in enumerate([0.50, 0.88, 0.90, 0.60]):
        if i == 2:
            estimate.evaluated(0.84)  # among 0.88 | 0.90, mean 0.89
        estimate.see(accuracy, 0.01, 2)
        plain.see(accuracy, 0.01, 2)
    assert estimate.value == pytest.approx(plain.value - 0.05)


def floored(**params: Any) -> AccuracyFloor:
    return AccuracyFloor(**params)


def test_floor_is_points_under_the_control() -> None:
    assert floored(control=0.9, points=2.0).floor_at(0) == pytest.approx(0.88)
    assert floored(control=0.9).floor_at(7) == pytest.approx(0.89)
    assert floored(control=0.9, floor=0.85).floor_at(7) == pytest.approx(0.85)
    assert floored(floor=0.85).floor_at(7) == 0.85
    curve = floored(control=[[0, 0.8], [50, 0.9]], points=2.0)
    assert [curve.floor_at(s) for s in (0, 25, 50, 99)] == pytest.approx([0.78, 0.83, 0.88, 0.88])
    assert [floored(control=0.9, points=p).scale for p in (0.0, 3.0)] == pytest.approx([0.01, 0.03])


def controller(**params: Any) -> Any:
    return build_weight({"schedule": "accuracy_floor", "control": 0.9, **params}, Site())


def test_floor_waits_for_a_policy_that_has_not_learned_yet() -> None:
    weight = controller(grace=8)
    for i in range(8):
        weight.observe(batch(i, accuracy=0.5))
        assert weight.weight(i + 1) == 0.01
    weight.observe(batch(8, accuracy=0.5))
    assert weight.weight(9) < 0.01
    early = controller(grace=99)
    for i in range(6):
        early.observe(batch(i, accuracy=0.95, error=0.001))
    assert early.weight(6) > 0.01  # it has been above the floor


def test_floor_reports_accuracy_and_slack() -> None:
    weight = controller()
    assert weight.constraint() is None
    weight.observe(batch(0, accuracy=0.93))
    assert weight.constraint() == pytest.approx((0.93, 0.04))


def test_floor_holds_while_longer_rollouts_are_correct() -> None:
    weight = controller(hold_when_longer_is_better=True)
    for i in range(9):
        weight.observe(batch(i, accuracy=1.0, **LONGER))
    assert weight.weight(9) == pytest.approx(0.01)
    for i in range(9, 40):
        weight.observe(batch(i, accuracy=0.5, **LONGER))
    assert weight.weight(40) < 0.01


def test_floor_ignores_evaluations_if_told_so() -> None:
    weight = build_weight(
        {"schedule": "accuracy_floor", "control": 0.9, "source": "rollouts"}, Site(evaluates=True)
    )
    weight.observe(Evaluated(0, 0.1, 9.0, 99))  # type: ignore[attr-defined]
    for i in range(30):
        weight.observe(batch(i, accuracy=0.95))  # type: ignore[attr-defined]
    assert weight.weight(30) > 0.01


LEARNS = [[float(s), 0.9 - 0.1 * exp(-s / 30)] for s in range(100)]
"""A control that rises from 0.8 to 0.9."""


@pytest.mark.parametrize("evaluates", [False, True])
def test_floor_lies_under_a_policy_that_learns_as_its_control_did(evaluates: bool) -> None:
    """One point under it at every step, though the estimate covers steps at which both were lower.

    Evaluations are on problems that are harder by 0.2, of which the floor is meant.
    """
    harder = 0.2 if evaluates else 0.0
    control = [[s, accuracy - harder] for s, accuracy in LEARNS]
    given_ = {"schedule": "accuracy_floor", "control": control, "start": 0.03}
    weight: Any = build_weight(given_, Site(evaluates=evaluates))
    slacks = []
    for i, (_, accuracy) in enumerate(LEARNS):
        if i % 25 == 0:
            weight.observe(Evaluated(i, accuracy - harder, 9.0, 99))
        weight.observe(batch(i, accuracy=accuracy, error=0.0))
        slacks.append(weight.constraint().slack)
    assert slacks[10:] == pytest.approx([0.01] * 90)
    assert weight.weight(100) == pytest.approx(0.1)  # its ceiling


def test_floor_takes_the_draws_of_a_step_as_one() -> None:
    once, thrice = controller(grace=0), controller(grace=0)
    for i in range(20):
        once.observe(batch(i, accuracy=0.8, error=0.02))
        for accuracy in (0.7, 0.8, 0.9):
            thrice.observe(batch(i, accuracy=accuracy, error=0.02 * sqrt(3)))
    assert thrice.weight(20) == pytest.approx(once.weight(20))
    assert thrice.constraint() == pytest.approx(once.constraint())


def test_floor_of_an_earlier_versions_checkpoint_stands_where_it_stood() -> None:
    weight, resumed = controller(), controller()
    for i in range(8):
        weight.observe(batch(i, accuracy=0.93))
    weight._evaluates = True
    weight.observe(Evaluated(8, 0.91, 9.0, 99))
    state = weight.state_dict()
    old = {name: value for name, value in state["estimate"].items() if name != "floor"}
    old["recent"] = [0.93] * 8
    old["pending"] = [[0.91, 10]]
    resumed.load_state_dict({**state, "estimate": old})
    assert resumed.constraint() == pytest.approx(weight.constraint())
    assert resumed.state_dict()["estimate"]["recent"] == pytest.approx([0.04] * 8)
    assert resumed.state_dict()["estimate"]["pending"] == [(pytest.approx(0.02), 10)]
