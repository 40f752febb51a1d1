"""The control of a run: the same config, every shaped term at weight 0."""

from __future__ import annotations

from typing import Any

import pytest

from launch.twins import control_of, length_twin_of
from rl.training.config import RunConfig, config_from_dict
from tagger.errors import UserError


def config(**terms: Any) -> RunConfig:
    return config_from_dict({"model": "overthinker", "reward": {"terms": terms}, "seed": 3})


def test_control_of_a_run_logs_the_shaped_terms_and_pays_nothing_for_them() -> None:
    run = config(
        correctness={"weight": 2.0},
        format={"weight": 0.1},
        step_count={"weight": 0.1, "gate": "correct"},
        other={"kind": "step_count"},
        off={"kind": "step_count", "weight": 0},
    )
    control = control_of(run)
    assert control.reward.terms == {
        "correctness": {"weight": 2.0},
        "format": {"weight": 0.1},
        "step_count": {"weight": 0.0, "gate": "correct"},
        "other": {"kind": "step_count", "weight": 0.0},
        "off": {"kind": "step_count", "weight": 0},
    }
    assert run.reward.terms["step_count"]["weight"] == 0.1
    assert {**control.to_dict(), "reward": 0} == {**run.to_dict(), "reward": 0}


def test_control_of_a_run_without_a_shaped_term_is_refused() -> None:
    with pytest.raises(UserError, match="no shaped term with a weight"):
        control_of(config(correctness={}, format={}, step_count={"weight": 0}))


def test_length_twin_has_one_charge_in_the_place_of_the_shaped_terms() -> None:
    twin = length_twin_of(config(correctness={}, step_count={}), {"kind": "length_sigmoid"})
    assert twin.reward.terms == {
        "correctness": {},
        "step_count": {"weight": 0.0},
        "length": {"kind": "length_sigmoid"},
    }
    assert twin.reward.allow_charge_above_correctness is True
