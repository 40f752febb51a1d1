"""Answer checkers: who decides whether an answer is right."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
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
    name = str(metadata["source_dataset"])
    if name in _EMBEDDED:
        return _EMBEDDED[name](extracted, reference)
    entry = {"question": "", "answer": reference, "metadata": dict(metadata)}
    return float(_scorer(name).score_answer(extracted, entry)) >= 1.0


def _same_text(answer: str, reference: str) -> bool:
    return answer == reference


def _same_decimal(answer: str, reference: str) -> bool:
    """Equal as text or as decimal numbers: sign, leading zeros and thousands commas are no harm."""
    try:
        return Decimal(answer.replace(",", "")) == Decimal(reference.replace(",", ""))
    except InvalidOperation:
        return answer == reference


_EMBEDDED = {
    "chain_sum": _same_decimal,
    "leg_counting": _same_text,
    "basic_arithmetic": _same_text,
}
"""Full marks of the data sets that the embedded overthinker's problems come from, as reasoning-gym
0.1.25 gives them; the package itself is optional, for it needs a C compiler."""


@cache
def _scorer(name: str) -> Any:
    """The package's data set of that name; None if it has none or is not installed."""
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError:
        return None
    return reasoning_gym.create_dataset(name, size=1, seed=0) if name in DATASETS else None


def checker_for(metadata: Mapping[str, Any]) -> AnswerChecker:
    """The checker a problem calls for.

    Args:
        metadata: The problem's metadata; a ``source_dataset`` may name a reasoning-gym data set.

    Returns:
        reasoning-gym's own scorer for its problems, equivalence for all others, and where the
        package is not installed for those of its data sets that the kit does not draw itself.
    """
    name = metadata.get("source_dataset")
    own = isinstance(name, str) and (name in _EMBEDDED or _scorer(name) is not None)
    return check_reasoning_gym if own else check_equivalent
