"""A running mean over batches, and the terms that keep one as their state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rewards.terms.base import Term
from tagger.config.settings import Settings

P = TypeVar("P", bound=Settings)


@dataclass
class RunningMean:
    """Exponential moving mean of a number that each batch has.

    Attributes:
        value: The mean; None before the first batch.
        batches: How many were added.
    """

    value: float | None = None
    batches: int = 0

    def add(self, number: float, span: float) -> None:
        """Add a batch: it counts 2/(span + 1), what went before the rest."""
        decay = 2.0 / (span + 1.0)
        self.value = number if self.value is None else self.value + decay * (number - self.value)
        self.batches += 1

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state."""
        return {"value": self.value, "batches": self.batches}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        self.value, self.batches = state["value"], state["batches"]


@dataclass(frozen=True)
class RunningTerm(Term[P]):
    """Base of a term whose state is a running mean; a `rewards.terms.base.StatefulTerm`.

    A subclass says in ``observe`` what a batch adds.

    Attributes:
        mean: Of what the batches have shown.
    """

    mean: RunningMean = field(default_factory=RunningMean, init=False, compare=False, repr=False)

    def state_dict(self) -> dict[str, Any]:
        """The running mean."""
        return self.mean.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        self.mean.load_state_dict(state)
