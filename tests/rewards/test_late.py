"""Weights and terms whose first change a run does not live to see."""

from __future__ import annotations

from typing import Any

import pytest

from rewards.late import notes_of_late_changes
from rewards.stack import build_stack
from rewards.weights import Batch, LearningController
from tagger.taxonomies.taxonomy import REASONTYPE


def stack(weight: Any, **term: Any) -> Any:
    terms = {"correctness": {}, "charge": {"kind": "step_count", **term, "weight": weight}}
    return build_stack(terms, REASONTYPE, True)


@pytest.mark.parametrize(
    ("weight", "steps"),
    [
        ({"schedule": "linear", "begin": 9, "end": 0.1}, 10),
        ({"schedule": "cosine", "begin": 9, "end": 0.1}, 10),
        ({"schedule": "length_dual", "share": 0.5, "reference_batches": 3}, 4),
        ({"schedule": "accuracy_drop", "warmup": 7, "window": 3}, 8),
        ({"schedule": "accuracy_drop", "warmup": 2, "window": 5}, 5),
    ],
)
def test_a_weight_whose_run_ends_before_its_first_change_is_told(weight: Any, steps: int) -> None:
    """With a step more it is not, for the weight of the last step is then another one."""
    (note,) = notes_of_late_changes(stack(weight).terms, steps)
    assert note.startswith(f"The weight of 'charge' stays as it begins for {steps} steps")
    assert notes_of_late_changes(stack(weight).terms, steps + 1) == []
    control = stack(weight).terms[1].weight
    seen = []
    for step in range(steps + 1):
        seen.append(control.weight(step))
        if isinstance(control, LearningController):
            control.observe(Batch(step=step, accuracy=0.5, error=0.1, tokens=100.0 + 50 * step))
    assert len(set(seen[:steps])) == 1
    assert seen[steps] != seen[0]


def test_a_term_that_learns_too_late_is_told() -> None:
    late = stack(0.01, kind="length_budget", warmup=200)
    (note,) = notes_of_late_changes(late.terms, 100)
    assert note.startswith("The reward term 'charge' learns nothing for 201 steps, and the run has")
    late = stack(0.01, kind="laser_d", every=10)
    assert len(notes_of_late_changes(late.terms, 10)) == 1
    assert notes_of_late_changes(late.terms, 11) == []


def test_what_is_fixed_or_only_logged_is_not_told() -> None:
    assert notes_of_late_changes(stack(0.1).terms, 1) == []
    assert notes_of_late_changes(stack(0, kind="laser_d").terms, 1) == []
    same = {"schedule": "linear", "begin": 90, "start": 0.1, "end": 0.1}
    assert notes_of_late_changes(stack(same).terms, 10) == []
