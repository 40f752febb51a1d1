"""Whether a run is over before a weight begins to change, or a term to learn.

Constants of schedules and of published methods are for thousands of steps: a weight that begins to
rise at step 500 is never seen by a run of 100, which trains on something else than its config says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rewards.terms.base import learns
from rewards.weights import acts

if TYPE_CHECKING:
    from rewards.stack import WeightedTerm


def notes_of_late_changes(terms: Sequence[WeightedTerm], steps: int) -> list[str]:
    """A sentence about each weight and term that a run ends before the first change of.

    A weight or term that changes says in ``still`` for how many steps it stays as it begins.

    Args:
        terms: The terms of its reward, and their weights.
        steps: Optimizer steps of the run.
    """
    notes = []
    for one in terms:
        if not acts(one.weight):
            continue
        still = getattr(one.weight, "still", 0)
        if still >= steps:
            notes.append(
                f"The weight of {one.name!r} stays as it begins for {still:,} steps, and the run "
                f"has {steps:,} (grpo.max_steps), so it is {one.weight.weight(0):g} throughout; "
                "lower the steps before its first change, or train for longer."
            )
        still = getattr(one.term, "still", 0) if learns(one.term) else 0
        if still >= steps:
            notes.append(
                f"The reward term {one.name!r} learns nothing for {still:,} steps, and the run has "
                f"{steps:,} (grpo.max_steps), so it stays in the state it begins with; lower the "
                "steps before it learns, or train for longer."
            )
    return notes
