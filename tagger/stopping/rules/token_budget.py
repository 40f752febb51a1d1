"""Stop once the thinking has taken its budget of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge

from tagger.config.settings import Settings
from tagger.steps import TaggedStep
from tagger.stopping.rules.base import Decision, StreamState


@dataclass(frozen=True)
class TokenBudgetRule(Settings):
    """Stop with the token that fills the budget, in the middle of a step if need be.

    Attributes:
        limit: Thinking tokens, at least 1.

    Raises:
        UserError: The limit is no whole number of at least 1.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "stopping rule 'token_budget'"

    limit: Annotated[int, Ge(1)]
    name: ClassVar[str] = "token_budget"

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
