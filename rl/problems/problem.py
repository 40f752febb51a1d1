"""One problem: what is asked, what is correct, and how hard it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rewards.answers.checkers import checker_for


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        id: Unique within its set; results are paired by it.
        question: The text the policy is asked.
        reference: The correct answer.
        band: Difficulty band, e.g. ``easy``; empty if unknown.
        family: Kind of problem, e.g. a reasoning-gym data set name; empty if unknown.
        metadata: Whatever else the set knows, e.g. a reasoning-gym entry's metadata.
    """

    id: str
    question: str
    reference: str
    band: str = ""
    family: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


def score_answer(problem: Problem, answer: str) -> bool:
    """Whether a text is a correct answer to a problem.

    Args:
        problem: The problem.
        answer: Text behind the closing delimiter (a bare answer will do).
    """
    return checker_for(problem.metadata)(answer, problem.reference, problem.metadata)
