r"""Stop once an answer has been stated and then verified a number of times.

What a monitor sees decides: the types of the steps and their text, never a reference answer. An
answer is stated by a step of one of the `answers` types, or by one whose text says what the answer
is ("the answer is", ``\boxed{}``; `tagger.backends.features.lookback.states_answer`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge

from tagger.backends.features.lookback import states_answer
from tagger.steps import TaggedStep
from tagger.stopping.rules.base import Decision, StreamState
from tagger.stopping.rules.of_types import RuleOfTypes
from tagger.stopping.rules.types import named_types, steps_in_words


@dataclass(frozen=True)
class AfterAnswerRule(RuleOfTypes):
    """Stop as soon as `limit` steps of the given types have followed the first stated answer.

    Attributes:
        limit: Steps after the one that states the answer; 0 stops with that one.
        types: Full name or tag of one type, or several, counted together.
        answers: Full name or tag of the types that state an answer.
        by_text: Whether a step of any type states one too if its text says what the answer is.

    Raises:
        UserError: Unknown or no type, or a limit that is no whole number of at least 0.
    """

    OWNER: ClassVar[str] = "stopping rule 'after_answer'"

    limit: Annotated[int, Ge(0)]
    answers: str | Sequence[str] = ("CONCLUDE",)
    by_text: bool = True
    name: ClassVar[str] = "after_answer"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "answers", named_types(self.name, self.answers, self.taxonomy))

    @property
    def settings(self) -> dict[str, Any]:
        """Name and parameters, types as tags."""
        answers = self.tags(self.answers)
        return {**super().settings, "answers": answers, "by_text": self.by_text}

    def states(self, tagged_step: TaggedStep) -> bool:
        """Whether a step states an answer."""
        by_text = self.by_text and states_answer(tagged_step.step.text)
        return by_text or tagged_step.type in self.answers

    def start(self) -> _AfterAnswer:
        """Begin a sequence in which no answer has been stated."""
        return _AfterAnswer(self)


class _AfterAnswer:
    """How many steps of the types have followed the first stated answer of one sequence."""

    def __init__(self, rule: AfterAnswerRule) -> None:
        self._rule = rule
        self._stated = False
        self._after = 0

    def update(self, tagged_step: TaggedStep, state: StreamState) -> Decision | None:
        if self._stated:
            self._after += tagged_step.type in self._rule.types
        elif self._rule.states(tagged_step):
            self._stated = True
        if not self._stated or self._after < self._rule.limit:
            return None
        if not self._rule.limit:
            return Decision(True, "an answer was stated")
        steps = steps_in_words(self._after, self._rule.types)
        return Decision(True, f"{steps} after the first stated answer, limit {self._rule.limit}")

    def on_token(self, state: StreamState) -> Decision | None:
        return None
