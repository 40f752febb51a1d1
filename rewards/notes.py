"""What of a reward does nothing in a run, said before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rewards.late import notes_of_late_changes
from rewards.reach import notes_of_idle_terms

if TYPE_CHECKING:
    from rewards.stack import WeightedTerm
    from tagger.taxonomies.taxonomy import Taxonomy


def notes_of_terms(
    terms: Sequence[WeightedTerm],
    taxonomy: Taxonomy,
    longest: int | None,
    steps: int,
    problems: Sequence[Mapping[str, Any]] = (),
) -> list[str]:
    """A sentence about each term that teaches nothing, and each change that comes too late.

    Args:
        terms: The terms of its reward, and their weights.
        taxonomy: Of the tagger.
        longest: Most tokens of a rollout; None if it is not known.
        steps: Optimizer steps of the run (``grpo.max_steps``); not above 0 if epochs count.
        problems: Metadata of the problems, which may hold budgets and accuracies.

    Raises:
        UserError: As `rewards.reach.notes_of_idle_terms`.
    """
    idle = notes_of_idle_terms(terms, taxonomy, longest, problems) if longest else []
    return idle + (notes_of_late_changes(terms, steps) if steps > 0 else [])
