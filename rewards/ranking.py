"""Whether a reward can rank a correct rollout below an incorrect one, from the terms' bounds.

At weight w a term t parts the two kinds of rollouts by

    margin = min over correct of w t  -  max over incorrect of w t

which is w for correctness and at most 0 for whatever charges correct rollouts or pays incorrect
ones. Every correct rollout ranks above every incorrect one if the margins sum to more than 0.
Between the turning points of the weights the sum is concave in the step: its least value is at one
of them. Of a weight that follows the run, the worse end of its span counts, for the margin is
concave in the weight too.

That is of rewards; advantages rank within a group as rewards do under every method that centres
their sum. The others bring margins of their own (`rewards.aggregation.base.Aggregation.margin`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rewards.terms.base import TermBounds
from rewards.weights import WeightController
from tagger.errors import UserError

_ROUNDING = 1e-6  # rewards are float32


def margin(weight: float, bounds: TermBounds) -> float:
    """What a term sets correct rollouts above incorrect ones by, at the least.

    Args:
        weight: Weight of the term.
        bounds: Its values, unweighted.
    """
    if weight == 0:  # also of a term without bounds
        return 0.0
    least = min(weight * value for value in bounds.correct)
    return least - max(weight * value for value in bounds.incorrect)


def refuse_charge_above_correctness(
    terms: Mapping[str, tuple[WeightController, TermBounds]],
    margin_of: Callable[[str, float, TermBounds], float] = lambda _, weight, bounds: margin(
        weight, bounds
    ),
) -> None:
    """Refuse a reward whose greatest charge on a correct rollout reaches what correctness pays.

    Args:
        terms: Weight and bounds of each term, by name.
        margin_of: `margin` by name, weight and bounds; another one where advantages are not
            centred sums.

    Raises:
        UserError: At some step it does; terms and numbers are named.
    """
    steps = {step for weight, _ in terms.values() for step in weight.turning_points()}
    for step in sorted(steps):
        margins = {
            name: min(margin_of(name, weight, bounds) for weight in w.span(step))
            for name, (w, bounds) in terms.items()
        }
        pay = sum(m for m in margins.values() if m > 0)
        charges = {name: -m for name, m in margins.items() if m < 0}
        if not charges or sum(charges.values()) < pay - _ROUNDING:
            continue
        pays = {name: m for name, m in margins.items() if m > 0}
        earned, remedy = "nothing pays for being correct", "give correctness a weight"
        if pays:
            earned = f"being correct pays {_sum(pays)}"
            remedy = "lower their weights, ceilings or caps"
        raise UserError(
            f"The reward can rank a correct rollout with or below an incorrect one: at step {step} "
            f"{earned}, and a correct rollout can lose {_sum(charges)}; {remedy}, or set "
            "reward.allow_charge_above_correctness: true."
        )


def _sum(terms: Mapping[str, float]) -> str:
    """Terms and their numbers in words: ``step_count 0.4 and format 0.1, 0.5 in all``."""
    named = " and ".join(f"{name} {value:g}" for name, value in terms.items())
    return named if len(terms) == 1 else f"{named}, {sum(terms.values()):g} in all"
