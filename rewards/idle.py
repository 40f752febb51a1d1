"""Whether a reward pays anything at all: terms that cancel each other, weights that are all 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rewards.weights import WeightController
from tagger.errors import UserError

if TYPE_CHECKING:
    from rewards.stack import WeightedTerm

_ROUNDING = 1e-6  # rewards are float32


def acts(weight: WeightController) -> bool:
    """Whether a weight is other than 0 at any step of a run."""
    return any(value != 0 for step in weight.turning_points() for value in weight.span(step))


def refuse_idle(terms: Sequence[WeightedTerm]) -> None:
    """Refuse a reward that teaches nothing.

    Args:
        terms: The terms and their weights.

    Raises:
        UserError: All weights are 0 at every step; or terms of one kind with the same parameters
            have weights that sum to 0 at every step. The terms are named.
    """
    acting = [term for term in terms if acts(term.weight)]
    if not acting:
        names = ", ".join(term.name for term in terms)
        raise UserError(
            f"Every weight of reward.terms is 0 ({names}), so no rollout would be paid anything; "
            "give correctness a weight, e.g. 1.0."
        )
    for i, first in enumerate(acting):
        same = [term for term in acting[i:] if term.term == first.term]
        if len(same) > 1 and _cancel([term.weight for term in same]):
            names = " and ".join(term.name for term in same)
            raise UserError(
                f"The reward terms {names} compute the same and their weights sum to 0, so they "
                "cancel; remove them, or change a weight or a parameter."
            )


def _cancel(weights: Sequence[WeightController]) -> bool:
    """Whether the weights sum to 0 throughout: between turning points all are straight lines."""
    steps = {step for weight in weights for step in weight.turning_points()}
    spans = [[weight.span(step) for weight in weights] for step in steps]
    fixed = all(low == high for row in spans for low, high in row)
    return fixed and all(abs(sum(low for low, _ in row)) < _ROUNDING for row in spans)
