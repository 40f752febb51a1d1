"""Stop once steps of some types have come a number of times (ST-ES, arXiv 2512.14332)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tagger.steps import TaggedStep
from tagger.stopping.rules.base import Decision, StreamState
from tagger.stopping.rules.of_types import RuleOfTypes
from tagger.stopping.rules.types import steps_in_words


@dataclass(frozen=True)
class CountRule(RuleOfTypes):
    """Stop as soon as the steps of the given types, counted together, reach the limit.

    Attributes:
        limit: The count that stops, at least 1 (ST-ES's delta).
        types: Full name or tag of one type, or several.

    Raises:
        UserError: Unknown or no type, or a limit that is no whole number of at least 1.
    """

    OWNER: ClassVar[str] = "stopping rule 'count'"

    name: ClassVar[str] = "count"

    def start(self) -> CountRule:
        """Begin a sequence; the counts are in the stream's state, so the rule serves itself."""
        return self

    def update(self, tagged_step: TaggedStep, state: StreamState) -> Decision | None:
        """Stop when the count reaches the limit."""
        count = sum(state.counts[t] for t in self.types)
        if count < self.limit:
            return None
        return Decision(True, f"{steps_in_words(count, self.types)}, limit {self.limit}")

    def on_token(self, state: StreamState) -> Decision | None:
        """Tokens do not matter to this rule."""
        return None
