"""What a reward term is, and how one is found by its config name and built."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from rewards.facts.columns import column_index, columns, tells_rollouts_apart
from rewards.groups import Groups
from tagger.config.settings import Settings
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    import torch

P = TypeVar("P", bound=Settings)


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


@runtime_checkable
class StatefulTerm(Protocol):
    """A term that learns from the batches it has seen; its state travels with the checkpoint."""

    def observe(self, facts: torch.Tensor, groups: torch.Tensor) -> None:
        """Take one batch of training rollouts, after its rewards were computed."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state, enough to resume exactly."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        ...


def learns(term: RewardTerm) -> bool:
    """Whether the values of a term follow the batches it has seen.

    A `StatefulTerm` whose parameters can take the place of its state says in ``reads_state``
    whether they leave it any part.
    """
    return isinstance(term, StatefulTerm) and bool(getattr(term, "reads_state", True))


class Rollouts:
    """A facts table, its columns by name.

    Args:
        facts: Shape (B, C).
        groups: Shape (B,).
        names: Of the columns.
    """

    def __init__(self, facts: torch.Tensor, groups: torch.Tensor, names: tuple[str, ...]) -> None:
        self._facts, self._names = facts, names
        self._groups = groups

    def __len__(self) -> int:
        return len(self._facts)

    def __getitem__(self, name: str) -> torch.Tensor:
        """A column, (B,), float64."""
        return self._facts[:, column_index(self._names, name)].double()

    @cached_property
    def groups(self) -> Groups:
        """The groups of the rollouts."""
        return Groups(self._groups)

    @cached_property
    def correct(self) -> torch.Tensor:
        """Which rollouts are correct, (B,) bool."""
        return self["correct"] > 0

    @cached_property
    def completed(self) -> torch.Tensor:
        """Correct rollouts that the length limit did not cut off, (B,) bool.

        The length of one that was cut off is that of the limit, so published statistics leave it
        out.
        """
        return self.correct & (self["ended"] > 0)

    @cached_property
    def all(self) -> torch.Tensor:
        """All of them, (B,) bool."""
        import torch

        return torch.ones_like(self.correct)

    @cached_property
    def tokens(self) -> torch.Tensor:
        """Tokens of each completion, end token included, (B,)."""
        return self["tokens"]

    def content(self, row: int) -> bytes:
        """The facts of one rollout, as bytes.

        Left out are its group, which depends on the batch, and the columns that
        `rewards.facts.columns.tells_rollouts_apart` leaves out.
        """
        facts = self._facts[row].cpu()[self._telling] + 0.0  # so that -0 is 0
        return facts.numpy().tobytes()

    @cached_property
    def _telling(self) -> list[int]:
        """Positions of the columns that tell rollouts apart."""
        return [i for i, name in enumerate(self._names) if tells_rollouts_apart(name)]

    def tagged(self, group: str) -> torch.Tensor:
        """Sum of a column group over all types, (B,), e.g. of ``tokens_after``."""
        import torch

        names = [name for name in self._names if name.startswith(f"{group}/")]
        return torch.stack([self[name] for name in names]).sum(dim=0)


@dataclasses.dataclass(frozen=True)
class Term(Generic[P]):
    """Base of a term: its parameters, and the columns of the facts it reads.

    A subclass has its formula and its source in its docstring and computes in `value`. Instances
    hold plain data, so they pickle.

    Attributes:
        params: The parameters.
        taxonomy: Of the tagger.
    """

    params: P
    taxonomy: Taxonomy

    def __call__(self, facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        """Compute the term; see `RewardTerm`."""
        return self.value(self.rollouts(facts, groups)).to(facts.dtype)

    def rollouts(self, facts: torch.Tensor, groups: torch.Tensor) -> Rollouts:
        """A facts table with its columns by name; arguments as for `RewardTerm`."""
        return Rollouts(facts, groups, columns(self.taxonomy))

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,), unweighted."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class TermBounds:
    """Least and greatest value of a term, unweighted; infinite where there is none.

    Attributes:
        correct: Of a rollout whose answer is correct.
        incorrect: Of any other.
    """

    correct: tuple[float, float]
    incorrect: tuple[float, float]


def always(params: Settings) -> bool:
    """For `TermKind.compares`: with any parameters."""
    return True


def never(params: Settings) -> bool:
    """For `TermKind.compares`: with none."""
    return False


@dataclasses.dataclass(frozen=True)
class TermKind:
    """A registered kind of term.

    Attributes:
        params: Settings class of its parameters; its field names are the config keys.
        build: Makes the term from parameters and the tagger's taxonomy.
        bounds: The values that a term with these parameters can have.
        source: Paper and code it was published in; empty for ours.
        compares: Whether it compares the rollouts of a group, so that it needs two or more; by its
            parameters.
        may_not_apply: Its NaN means "does not apply"; of any other term NaN is an error.
        reads: Columns of `rewards.facts.columns.MAY_BE_ABSENT` that it reads, each with the
            parameters with which it does, or what stands in for it (``with stage: 2``); empty for
            one that it always reads.
    """

    params: type[Settings]
    build: Callable[[Any, Taxonomy], RewardTerm]
    bounds: Callable[[Any], TermBounds]
    source: str = ""
    compares: Callable[[Any], bool] = never
    may_not_apply: bool = False
    reads: Mapping[str, str] = dataclasses.field(default_factory=dict)
