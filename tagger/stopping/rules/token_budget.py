"""Stop once the thinking has taken its budget of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tagger.steps import TaggedStep
from tagger.stopping.rules.base import Decision, StreamState
from tagger.stopping.rules.checks import whole_number


@dataclass(frozen=True)
class TokenBudgetRule:
    """Stop with the token that fills the budget, in the middle of a step if need be.

    Attributes:
        limit: Thinking tokens, at least 1.

    Raises:
        UserError: The limit is no whole number of at least 1.
    """

    limit: int
    name: ClassVar[str] = "token_budget"

    def __post_init__(self) -> None:
        whole_number(self.name, "limit", self.limit)

    @property
    def settings(self) -> dict[str, Any]:
        """Name and parameters."""
        return {"name": self.name, "limit": self.limit}

    def start(self) -> TokenBudgetRule:
        """Begin a sequence; the tokens are in the stream's state, so the rule serves itself."""
        return self

    def update(self, tagged_step: TaggedStep, state: StreamState) -> Decision | None:
        """Steps do not matter to this rule."""
        return None

    def on_token(self, state: StreamState) -> Decision | None:
        """Stop when the thinking has reached the limit."""
        if state.thinking_tokens < self.limit:
            return None
        return Decision(True, f"{state.thinking_tokens} thinking tokens, limit {self.limit}")
