"""What became of each rollout: cut off, without thinking, without an answer, unmatched, correct.

One way to count for training (rows of the facts table) and evaluation (samples), so that both name
the same cause where there is nothing to learn from or to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rewards.answers.checkers import given_answer
from tagger.thinking.split import Thinking


def readable_answer(answer: str, reference: str) -> str:
    """The answer as it is compared with the reference; empty if none can be read, or two are.

    Args:
        answer: Text behind the thinking.
        reference: The correct answer; if it is a number, a bare number may stand for the answer.
    """
    return given_answer(answer, reference)


def found_thinking(thinking: Thinking) -> bool:
    """Whether a completion holds thinking that was closed and is not blank."""
    return thinking.finished and bool(thinking.text.strip())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one rollout.

    Attributes:
        ended: The model wrote an end token; the length limit did not cut it off.
        thought: Thinking was found.
        answered: An answer could be read.
        correct: It is correct.
    """

    ended: bool
    thought: bool
    answered: bool
    correct: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Counts over rollouts; a rollout may be counted under more than one.

    Attributes:
        rollouts: All of them.
        cut_off: Ended by the length limit.
        no_thinking: Ended by the model, but no thinking was found.
        no_answer: Ended by the model after its thinking, but no answer could be read.
        unmatched: Ended by the model with an answer that does not match the reference.
        correct: With a correct answer.
    """

    rollouts: int = 0
    cut_off: int = 0
    no_thinking: int = 0
    no_answer: int = 0
    unmatched: int = 0
    correct: int = 0

    def __add__(self, other: Outcomes) -> Outcomes:
        mine, others = asdict(self), asdict(other)
        return Outcomes(**{name: mine[name] + others[name] for name in mine})

    def share(self, name: str) -> float:
        """One of the counts as a share of all rollouts; 0 without rollouts."""
        return int(getattr(self, name)) / self.rollouts if self.rollouts else 0.0

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def count_outcomes(outcomes: Iterable[Outcome]) -> Outcomes:
    """Count what became of rollouts.

    Args:
        outcomes: One a rollout.
    """
    rows = list(outcomes)
    ended = [o for o in rows if o.ended]
    return Outcomes(
        rollouts=len(rows),
        cut_off=len(rows) - len(ended),
        no_thinking=sum(not o.thought for o in ended),
        no_answer=sum(o.thought and not o.answered for o in ended),
        unmatched=sum(o.answered and not o.correct for o in ended),
        correct=sum(o.correct for o in rows),
    )


def outcomes_of_table(table: Any, columns: Sequence[str]) -> list[Outcome]:
    """Read the outcome of every row of a facts table.

    Args:
        table: Shape (rows, columns), a numpy array or a tensor.
        columns: Names of the columns.
    """
    at = [columns.index(name) for name in ("ended", "thought", "answered", "correct")]
    return [Outcome(*(bool(value) for value in row)) for row in table[:, at].tolist()]
