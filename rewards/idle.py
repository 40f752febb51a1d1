"""Whether a reward pays anything at all: terms that cancel each other, weights that are all 0."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from rewards.terms.base import SummedTerm
from rewards.weights import WeightController
from tagger.errors import UserError

if TYPE_CHECKING:
    from rewards.stack import WeightedTerm

_ROUNDING = 1e-6  # rewards are float32

Parts = Mapping[Hashable, float]
"""Parts of a term and their factors."""


def acts(weight: WeightController) -> bool:
    """Whether a weight is other than 0 at any step of a run."""
    return any(value != 0 for step in weight.turning_points() for value in weight.span(step))


def refuse_idle(terms: Sequence[WeightedTerm]) -> None:
    """Refuse a reward that teaches nothing.

    Args:
        terms: The terms and their weights.

    Raises:
        UserError: All weights are 0 at every step; or terms that share parts, each a whole term
            unless it says otherwise, sum to 0 at every step. The terms are named.
    """
    acting = [term for term in terms if acts(term.weight)]
    if not acting:
        names = ", ".join(term.name for term in terms)
        raise UserError(
            f"Every weight of reward.terms is 0 ({names}), so no rollout would be paid anything; "
            "give correctness a weight, e.g. 1.0."
        )
    parts = {term.name: _parts(term, acting) for term in acting}
    for sharing in _sharing(parts):
        together = [term for term in acting if term.name in sharing]
        if len(together) > 1 and _cancel(together, parts):
            raise UserError(
                f"The reward terms {' and '.join(sharing)} sum to 0 for every rollout, so they "
                "cancel; remove them, or change a weight or a parameter."
            )


def _parts(term: WeightedTerm, terms: Sequence[WeightedTerm]) -> Parts:
    """What a term is the sum of: if it does not say, itself, known by the first equal term."""
    if isinstance(term.term, SummedTerm):
        return {(type(term.term), part): factor for part, factor in term.term.parts().items()}
    return {next(i for i, other in enumerate(terms) if other.term == term.term): 1.0}


def _sharing(parts: Mapping[str, Parts]) -> list[list[str]]:
    """Names of terms that share parts, directly or through others, in order."""
    found: list[list[str]] = []
    for name, own in parts.items():
        near = [names for names in found if any(own.keys() & parts[n].keys() for n in names)]
        found = [names for names in found if names not in near]
        found.append([*(n for names in near for n in names), name])
    return found


def _cancel(terms: Sequence[WeightedTerm], parts: Mapping[str, Parts]) -> bool:
    """Whether all parts sum to 0 throughout: between turning points weights are straight lines."""
    for step in {step for term in terms for step in term.weight.turning_points()}:
        sums: dict[Hashable, float] = defaultdict(float)
        for term in terms:
            low, high = term.weight.span(step)
            if low != high:
                return False
            for part, factor in parts[term.name].items():
                sums[part] += low * factor
        if any(abs(total) >= _ROUNDING for total in sums.values()):
            return False
    return True
