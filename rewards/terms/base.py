"""What a reward term is, and how one is found by its config name and built."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from tagger.config.settings import Settings
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    import torch


class RewardTerm(Protocol):
    """A pure function of the gathered facts table.

    NaN in its result means that the term does not apply to that rollout.
    """

    def __call__(self, facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        """Compute the term.

        Args:
            facts: Shape (B, C), float32, all rollouts of all processes; columns as
                `rewards.facts.columns.columns`.
            groups: Shape (B,), int64; rollouts of one prompt share a number.

        Returns:
            Shape (B,), float32, unweighted.
        """
        ...


@dataclasses.dataclass(frozen=True)
class TermBounds:
    """Least and greatest value of a term, unweighted; infinite where there is none.

    Attributes:
        correct: Of a rollout whose answer is correct.
        incorrect: Of any other.
    """

    correct: tuple[float, float]
    incorrect: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class TermKind:
    """A registered kind of term.

    Attributes:
        params: Settings class of its parameters; its field names are the config keys.
        build: Makes the term from parameters and the tagger's taxonomy.
        bounds: The values that a term with these parameters can have.
    """

    params: type[Settings]
    build: Callable[[Any, Taxonomy], RewardTerm]
    bounds: Callable[[Any], TermBounds]
