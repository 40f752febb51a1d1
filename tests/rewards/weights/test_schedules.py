"""Weights by step alone."""

from __future__ import annotations

import json

import pytest

from rewards.weights import CosineWeight, LearningController, LinearWeight, build_weight

COSINE = {"schedule": "cosine", "start": 0.2, "end": 0.1, "steps": 4, "begin": 2}


def test_cosine_runs_along_half_a_wave() -> None:
    weight = build_weight(COSINE)
    shares = [0.0, 0.0, 0.0, 0.1464466, 0.5, 0.8535534, 1.0, 1.0]  # (1 - cos(pi t)) / 2
    assert [weight.weight(s) for s in range(8)] == pytest.approx([0.2 - 0.1 * s for s in shares])


def test_cosine_meets_linear_in_the_middle_and_at_both_ends() -> None:
    for step in (0, 25, 50, 90):
        ends = {"start": 1.0, "end": 3.0, "steps": 50}
        assert CosineWeight(**ends).weight(step) == pytest.approx(LinearWeight(**ends).weight(step))


def test_cosine_names_every_step_of_its_change() -> None:
    assert set(build_weight(COSINE).turning_points()) == {0, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    "config", [0.3, COSINE, {"schedule": "linear", "begin": 3}, {"schedule": "constant"}]
)
def test_schedule_is_fixed_beforehand(config: object) -> None:
    weight = build_weight(config)
    assert not isinstance(weight, LearningController)
    assert weight.span(7) == (weight.weight(7), weight.weight(7))
    build_weight(config).load_state_dict(json.loads(json.dumps(weight.state_dict())))
