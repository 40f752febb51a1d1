"""Stop once the thinking has taken its budget of steps, whatever their types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge

from tagger.config.settings import Settings
from tagger.steps import TaggedStep
from tagger.stopping.rules.base import Decision, StreamState


@dataclass(frozen=True)
class StepBudgetRule(Settings):
    """Stop after the step that fills the budget.

    Attributes:
        limit: Steps of the thinking, at least 1.

    Raises:
        UserError: The limit is no whole number of at least 1.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "stopping rule 'step_budget'"

    limit: Annotated[int, Ge(1)]
    name: ClassVar[str] = "step_budget"

    @property
    def settings(self) -> dict[str, Any]:
        """Name and parameters."""
        return {"name": self.name, "limit": self.limit}

    def start(self) -> StepBudgetRule:
        """Begin a sequence; the steps are in the stream's state, so the rule serves itself."""
        return self

    def update(self, tagged_step: TaggedStep, state: StreamState) -> Decision | None:
        """Stop when the thinking has reached the limit."""
        if state.steps < self.limit:
            return None
        steps = "step" if state.steps == 1 else "steps"
        return Decision(True, f"{state.steps} {steps}, limit {self.limit}")

    def on_token(self, state: StreamState) -> Decision | None:
        """Tokens do not matter to this rule."""
        return None
