"""What a method of aggregation sees, and what it gives: pure functions of the gathered table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rewards.groups import Groups
from rewards.ranking import margin
from rewards.terms.base import TermBounds
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

P = TypeVar("P", bound=Settings)

EPSILON = 1e-4
"""What TRL (and GDPO's and GFPO's code) adds to a standard deviation before dividing by it."""


@dataclass(frozen=True)
class ScoredRollouts:
    """The rollouts of all processes with their terms. Everything is float64 and on one device.

    Attributes:
        terms: Shape (B, n_terms), unweighted; NaN where a term does not apply.
        weights: Shape (n_terms,).
        groups: Shape (B,); rollouts of one prompt share a number.
        correct: Shape (B,), bool.
        tokens: Shape (B,), tokens of the completion, end token included.
        names: Names of the terms.
        correctness: Which terms are of the kind ``correctness``.
    """

    terms: torch.Tensor
    weights: torch.Tensor
    groups: torch.Tensor
    correct: torch.Tensor
    tokens: torch.Tensor
    names: tuple[str, ...]
    correctness: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.terms)

    @cached_property
    def by_group(self) -> Groups:
        """Statistics of each group."""
        return Groups(self.groups)

    @cached_property
    def by_batch(self) -> Groups:
        """Statistics of the whole batch."""
        import torch

        return Groups(torch.zeros_like(self.groups))

    @cached_property
    def weighted(self) -> torch.Tensor:
        """Weight times term, (B, n_terms); 0 where a term does not apply."""
        return self.terms.nan_to_num(nan=0.0) * self.weights

    @cached_property
    def total(self) -> torch.Tensor:
        """The reward, (B,): sum of the weighted terms that apply."""
        return self.weighted.sum(dim=1)

    @cached_property
    def scorable(self) -> torch.Tensor:
        """Rollouts to which a term applies, (B,) bool; the others get advantage 0."""
        return ~self.terms.isnan().all(dim=1)

    def applies(self, term: int) -> torch.Tensor:
        """Rollouts to which one term applies, (B,) bool."""
        return ~self.terms[:, term].isnan()


@dataclass(frozen=True)
class Aggregation(Generic[P]):
    """Base of a method; a subclass has its formula and source in its module's docstring.

    Attributes:
        params: The parameters.
    """

    PARAMS: ClassVar[type[Settings]]
    OF_TRL: ClassVar[bool] = False
    """TRL computes the advantages itself; ours equal them and serve metrics and checks."""
    RANKS_BY_REWARD: ClassVar[bool] = True
    """Within a group (its kept rollouts) a higher reward never gives a lower advantage."""
    OF_CORRECTNESS: ClassVar[bool] = False
    """Every advantage has the weight of correctness as a factor."""
    BOUNDED: ClassVar[bool] = True
    """The bounds of the terms say how advantages rank; see `margin`."""

    params: P

    def advantages(self, scored: ScoredRollouts) -> torch.Tensor:
        """The advantage of each rollout, (B,), finite."""
        raise NotImplementedError

    def kept(self, scored: ScoredRollouts) -> torch.Tensor | None:
        """Rollouts that the loss counts, (B,) bool; None: all of them."""
        return None

    def check(self, names: Sequence[str], correctness: Sequence[bool], size: int) -> None:
        """Refuse what cannot work.

        Args:
            names: Names of the terms.
            correctness: Which of them are of the kind ``correctness``.
            size: Rollouts of a group.

        Raises:
            UserError: It cannot, in a sentence with the remedy.
        """

    def margin(
        self, name: str, weight: float, bounds: TermBounds, correctness: bool, size: int
    ) -> float:
        """What a term sets correct rollouts above incorrect ones of their group by, at the least.

        Args:
            name: Name of the term.
            weight: Its weight.
            bounds: Its values, unweighted.
            correctness: Whether it is of the kind ``correctness``.
            size: Rollouts of a group.

        Returns:
            In the unit of the advantages before a factor common to the group; see
            `rewards.ranking`.
        """
        return margin(weight, bounds)
