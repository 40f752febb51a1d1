"""Whether a reward pays anything at all: terms that cancel each other, weights that are all 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rewards.cancelling import TOLERANCE, Cancelling
from rewards.weights import acts
from tagger.errors import UserError

if TYPE_CHECKING:
    from rewards.stack import WeightedTerm


def refuse_idle(terms: Sequence[WeightedTerm]) -> None:
    """Refuse a reward that teaches nothing.

    Args:
        terms: The terms and their weights.

    Raises:
        UserError: All weights are 0 at every step; or terms cancel at every step. They are named.
    """
    acting = [term for term in terms if acts(term.weight)]
    if not acting:
        names = ", ".join(term.name for term in terms)
        raise UserError(
            f"Every weight of reward.terms is 0 ({names}), so no rollout would be paid anything; "
            "give correctness a weight, e.g. 1.0."
        )
    found = Cancelling(acting).first() if len(acting) > 1 else None
    if found is not None:
        together, zero = found
        what = (
            "sum to 0 for every rollout"
            if zero
            else "pay all correct rollouts of a problem alike in sum, and all incorrect ones "
            f"(to {TOLERANCE:.0%} of what each pays)"
        )
        raise UserError(
            f"The reward terms {' and '.join(together)} {what}, so they cancel; "
            "remove them, or change a weight or a parameter."
        )
