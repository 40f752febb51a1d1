"""What became of a run, as far as the choice of further runs needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """A run that is done or has failed.

    Attributes:
        accuracy: Share of the calibration problems answered correctly; None if the run failed.
        tokens: Mean tokens an answer there; None if the run failed.
    """

    accuracy: float | None = None
    tokens: float | None = None

    @property
    def failed(self) -> bool:
        """Whether there is nothing to measure."""
        return self.accuracy is None or self.tokens is None


Outcomes = Mapping[str, Outcome]
"""Outcomes of the runs that have one, by name."""


@dataclass(frozen=True)
class Trial:
    """A point with the outcomes of its seeds."""

    point: Mapping[str, Any]
    outcomes: Sequence[Outcome]
