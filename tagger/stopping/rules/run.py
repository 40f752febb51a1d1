"""Stop once steps of some types have followed each other without another step between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tagger.steps import TaggedStep
from tagger.stopping.rules.base import Decision, StreamState
from tagger.stopping.rules.of_types import RuleOfTypes
from tagger.stopping.rules.types import steps_in_words


@dataclass(frozen=True)
class RunRule(RuleOfTypes):
    """Stop as soon as `limit` steps in a row are of the given types.

    Attributes:
        limit: Length of the run that stops, at least 1.
        types: Full name or tag of one type, or several, which may alternate in a run.

    Raises:
        UserError: Unknown or no type, or a limit that is no whole number of at least 1.
    """

    OWNER: ClassVar[str] = "stopping rule 'run'"

    name: ClassVar[str] = "run"

    def start(self) -> _Run:
        """Begin a sequence with a run of no steps."""
        return _Run(self)


class _Run:
    """How many steps in a row have been of the types in one sequence."""

    def __init__(self, rule: RunRule) -> None:
        self._rule = rule
        self._length = 0

    def update(self, tagged_step: TaggedStep, state: StreamState) -> Decision | None:
        self._length = self._length + 1 if tagged_step.type in self._rule.types else 0
        if self._length < self._rule.limit:
            return None
        steps = steps_in_words(self._length, self._rule.types)
        return Decision(True, f"{steps} in a row, limit {self._rule.limit}")

    def on_token(self, state: StreamState) -> Decision | None:
        return None
