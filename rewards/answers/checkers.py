"""Answer checkers: what decides whether an answer is correct."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from rewards.answers.extract import extract_answer, extract_option
from rewards.answers.gym import full_marks, is_gym_row
from rewards.answers.match import answers_match, folded
from rewards.answers.options import reference_option
from rewards.answers.quantities import read_quantity
from rewards.answers.relations import read_claims
from tagger.traces.references import NotAnAnswer, cut_reference


class AnswerChecker(Protocol):
    """Judges the text behind the thinking against a problem's reference."""

    def __call__(self, answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
        """Say whether the answer is correct.

        Args:
            answer: Text behind the closing delimiter.
            reference: The correct answer.
            metadata: What the problem set knows about the problem.
        """
        ...


def check_equivalent(answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
    """Correct if the extracted answer is mathematically equivalent to the reference.

    A reference that is a worked solution is cut to its answer first.
    """
    wanted, kind = _wanted(reference)
    given = given_answer(answer, reference)
    return folded(given) == folded(wanted) if kind == "prose" else answers_match(given, wanted)


def given_answer(answer: str, reference: str) -> str:
    """The answer that `check_equivalent` compares with a reference.

    Args:
        answer: Text behind the closing delimiter.
        reference: The correct answer; its kind decides what may stand for an answer.

    Returns:
        Empty if no answer can be read, or more than one.
    """
    kind = _wanted(reference)[1]
    if kind == "option":
        return extract_option(answer)
    return answer.strip() if kind == "prose" else extract_answer(answer, kind == "number")


@lru_cache(maxsize=4096)
def _wanted(reference: str) -> tuple[str, str]:
    """The answer that a reference holds, and its kind: a number, an option, other text or prose."""
    try:
        wanted = cut_reference(reference)
    except NotAnAnswer:
        return reference, "prose"
    if reference_option(wanted) is not None:
        return wanted, "option"
    claims = read_claims(wanted, unknowns=True)
    numeric = any(read_quantity(claim.value, variables=True) is not None for claim in claims)
    return wanted, "number" if numeric else "text"


def check_reasoning_gym(answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
    """Correct if the scorer of the problem's reasoning-gym data set gives full marks.

    Its partial marks (for an answer that only contains the reference, say) count as incorrect.
    Where it cannot be asked, the answer is compared as `check_equivalent` does.
    """
    numeric = read_quantity(reference, variables=True) is not None
    extracted = extract_answer(answer, numeric)
    if not extracted:
        return False
    spellings = dict.fromkeys((extracted, _bare_number(extracted) if numeric else extracted))
    marks = [full_marks(text, reference, metadata) for text in spellings]
    return True in marks or (None in marks and check_equivalent(answer, reference, metadata))


def _bare_number(text: str) -> str:
    """A whole number without unit and marks (``1,024 legs``), which many scorers need."""
    quantity = read_quantity(text)
    if quantity is None or quantity.value.denominator != 1:
        return text
    return str(quantity.value.numerator)


def checker_for(metadata: Mapping[str, Any]) -> AnswerChecker:
    """The checker a problem calls for.

    Args:
        metadata: The problem's metadata, see `rewards.answers.gym.is_gym_row`.

    Returns:
        reasoning-gym's own scorer for its problems, equivalence for all others, and where the
        package is not installed for those of its data sets that the kit does not draw itself.
    """
    return check_reasoning_gym if is_gym_row(metadata) else check_equivalent
