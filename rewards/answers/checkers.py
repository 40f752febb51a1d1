"""Answer checkers: who decides whether an answer is right."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from rewards.answers.match import answers_match, extract_answer
from rewards.answers.numbers import exact_value


class AnswerChecker(Protocol):
    """Judges the text behind the thinking against a problem's reference."""

    def __call__(self, answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
        """Say whether the answer is right.

        Args:
            answer: Text behind the closing delimiter.
            reference: The right answer.
            metadata: What the problem set knows about the problem.
        """
        ...


def check_equivalent(answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
    """Right if the extracted answer is mathematically equivalent to the reference."""
    numeric = exact_value(reference) is not None
    return answers_match(extract_answer(answer, numeric), reference)


def check_reasoning_gym(answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
    """Right if the scorer of the problem's reasoning-gym data set gives full marks.

    Its partial marks (for an answer that only contains the reference, say) count as wrong.
    """
    numeric = exact_value(reference) is not None
    extracted = extract_answer(answer, numeric)
    if not extracted:
        return False
    entry = {"question": "", "answer": reference, "metadata": dict(metadata)}
    scorer = _scorer(str(metadata["source_dataset"]))
    return float(scorer.score_answer(extracted, entry)) >= 1.0


@cache
def _scorer(name: str) -> Any:
    import reasoning_gym

    return reasoning_gym.create_dataset(name, size=1, seed=0)


def checker_for(metadata: Mapping[str, Any]) -> AnswerChecker:
    """The checker a problem calls for.

    Args:
        metadata: The problem's metadata; a ``source_dataset`` names a reasoning-gym data set.

    Returns:
        reasoning-gym's own scorer for its problems, equivalence for all others.
    """
    return check_reasoning_gym if metadata.get("source_dataset") else check_equivalent
