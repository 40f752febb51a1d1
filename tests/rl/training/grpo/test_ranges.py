"""Numbers and switches of the ``grpo`` section that no run can be made with."""

from __future__ import annotations

import dataclasses
from math import inf, nan
from typing import Any

import pytest
from trl import GRPOConfig

from rl.training.config import RunConfig, config_from_dict
from rl.training.grpo.keys import CONDITIONAL, HONOURED
from rl.training.grpo.ranges import GrpoValues, check_ranges
from tagger.errors import UserError

OF_TRL = {f.name: f for f in dataclasses.fields(GRPOConfig) if f.init}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"learning_rate": inf}, "grpo.learning_rate is inf; it must be a finite number"),
        ({"learning_rate": True}, "grpo.learning_rate is True"),
        ({"learning_rate": -1e-5}, "finite number of at least 0"),
        ({"beta": nan}, "grpo.beta is nan"),
        ({"temperature": 0}, "grpo.temperature is 0; it must be a finite number above 0"),
        ({"top_p": 2}, "above 0 and at most 1"),
        ({"max_steps": 0}, "grpo.max_steps is 0; it must be one of -1 or a whole number"),
        ({"max_steps": 1.5}, "grpo.max_steps is 1.5"),
        ({"num_iterations": 0}, "whole number of at least 1"),
        ({"gradient_accumulation_steps": 0}, "whole number of at least 1"),
        ({"num_generations": True}, "grpo.num_generations is True"),
        ({"mask_truncated_completions": "no"}, "grpo.mask_truncated_completions is 'no'"),
    ],
)
def test_grpo_values_no_run_can_be_made_with_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        config_from_dict({"grpo": given})


def test_grpo_values_that_a_run_can_have_pass() -> None:
    """Whole numbers where a float is wanted, and nothing where TRL takes that."""
    given = {
        "learning_rate": 0,
        "max_steps": -1,
        "max_completion_length": None,
        "beta": 1,
        "tf32": None,
    }
    assert RunConfig(grpo=given).grpo == given


def test_grpo_defaults_of_trl_pass() -> None:
    check_ranges({name: f.default for name, f in OF_TRL.items()})


def test_grpo_values_hold_every_number_and_switch_of_trl() -> None:
    """A field that a new TRL adds, or one forgotten here, would be taken as it comes."""
    kinds = (int, float, bool, "int", "float", "bool")
    kinds += tuple(kind | None for kind in (int, float, bool))  # type: ignore[assignment]
    wanted = {
        name
        for name, f in OF_TRL.items()
        if f.type in kinds and (name in HONOURED or name in CONDITIONAL)
    }
    assert wanted == {f.name for f in dataclasses.fields(GrpoValues)}
