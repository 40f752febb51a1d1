"""`accuracy_floor` settles at the greatest weight that its floor allows, from whatever start."""

from __future__ import annotations

from math import log
from statistics import median
from typing import Any

import pytest

from rewards.weights import Site, build_weight
from tests.rewards.weights.plant import CONTROL, Plant

PLANTS = {
    "usual": Plant(),
    "quick": Plant(lag=5),
    "slow": Plant(lag=25),
    "steep": Plant(softness=0.4),
    "flat": Plant(softness=1.2, half=0.3),
    "few rollouts": Plant(rollouts=32),
    "untrained": Plant(behind=0.09),
}
STARTS = (0.003, 0.03, 0.3)
SEEDS = range(8)


def floored(start: float, evaluates: bool = False, **params: Any) -> Any:
    given = {"control": CONTROL, "points": 2, "start": start, "ceiling": 1.0, **params}
    return build_weight({"schedule": "accuracy_floor", **given}, Site(evaluates=evaluates))


def held(ends: list[tuple[float, float]], floor: float) -> bool:
    """Whether all runs but at most one in eight end within one point of the floor or above."""
    accuracies = sorted(accuracy for accuracy, _ in ends)
    return accuracies[len(ends) // 8] >= floor - 0.01 and accuracies[0] >= floor - 0.02


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.parametrize("start", STARTS)
def test_floor_is_held_from_starts_that_differ_by_a_factor_of_100(name: str, start: float) -> None:
    plant = PLANTS[name]
    ends = [plant.run(floored(start), 300, seed) for seed in SEEDS]
    assert held(ends, CONTROL - 0.02)
    off = [log(weight / plant.greatest_weight(2)) for _, weight in ends]
    assert -0.7 <= median(off) <= 0.2, "needlessly low, or too high"


@pytest.mark.parametrize("points", [1, 5])
def test_floor_is_held_whatever_its_distance(points: float) -> None:
    plant = Plant()
    for start in STARTS:
        ends = [plant.run(floored(start, points=points), 300, seed) for seed in SEEDS]
        assert held(ends, CONTROL - points / 100)
        off = [log(weight / plant.greatest_weight(points)) for _, weight in ends]
        assert -0.7 <= median(off) <= 0.2


def test_floor_on_evaluation_problems_is_held_where_these_are_harder() -> None:
    """Rollouts are 3 points better than evaluations, of which the floor is meant."""
    plant = Plant()
    for start in STARTS:
        ends = [
            plant.run(floored(start, evaluates=True, control=CONTROL - 0.03), 300, seed, 25, 0.03)
            for seed in SEEDS
        ]
        assert min(accuracy for accuracy, _ in ends) >= CONTROL - 0.02 - 0.02  # few evaluations
        assert median(accuracy for accuracy, _ in ends) >= CONTROL - 0.02 - 0.005
        assert median(log(weight / plant.greatest_weight(2)) for _, weight in ends) >= -1


def test_floor_follows_a_control_that_learns() -> None:
    """With the control's curve an untrained policy is not taken for one that unlearns."""
    plant = Plant(behind=0.09)
    curve = [[float(s), CONTROL - 0.09 * 2.718281828 ** (-s / 20)] for s in range(0, 120, 10)]
    weights = [plant.run(floored(0.03, control=curve), 60, seed)[1] for seed in SEEDS]
    assert median(weights) >= 0.003  # a drop by ten takes 23 steps at full rate


def test_floor_law_without_the_way_back_overshoots() -> None:
    """Why the weight returns to its running mean at a crossing, and why steps shrink there."""
    from rewards.weights.control import floor_law

    plant = Plant(lag=25)

    def spread() -> float:
        ends = [plant.run(floored(0.3), 300, seed)[1] for seed in range(16)]
        return max(abs(log(weight / plant.greatest_weight(2))) for weight in ends)

    with_it = spread()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(floor_law, "TRAIL", 1e-3)  # the mean is the weight itself
        patch.setattr(floor_law, "LEAST_GAIN", 1.0)
        assert spread() > 1.5 * with_it
