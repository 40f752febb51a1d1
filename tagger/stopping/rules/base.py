"""What a stopping rule sees, and what it says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

from tagger.steps import TaggedStep


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule decided, and why.

    Attributes:
        stop: Close the thinking now.
        reason: Why, in words a person reads, e.g. ``3 verification steps, limit 3``.
    """

    stop: bool
    reason: str


@dataclass(slots=True)
class StreamState:
    """What has been thought so far in one sequence.

    Attributes:
        steps: Finished steps.
        counts: Finished steps per type, by the type's full name.
        tokens: Tokens written so far, all of them.
        thinking_tokens: Tokens after which the thinking was still open.
    """

    steps: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    thinking_tokens: int = 0


class RunningRule(Protocol):
    """A rule at work on one sequence. It is not asked again once it has said stop."""

    def update(self, tagged_step: TaggedStep, state: StreamState) -> Decision | None:
        """Look at a step that has just ended; `state` counts it already.

        Returns:
            The decision to stop, or None to continue.
        """
        ...

    def on_token(self, state: StreamState) -> Decision | None:
        """Look at a token of the thinking, after the steps it ended; returns as `update`."""
        ...


class StoppingRule(Protocol):
    """When to close the thinking. Holds settings only, so that many sequences may share it."""

    @property
    def settings(self) -> dict[str, Any]:
        """Name and parameters, JSON-able; `build_rule` makes an equal rule of them."""
        ...

    def start(self) -> RunningRule:
        """Begin a sequence, with a state of its own."""
        ...
