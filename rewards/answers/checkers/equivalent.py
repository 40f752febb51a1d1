"""The default: mathematical equivalence with the reference, or the same text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rewards.answers.extract import extract_answer, extract_option
from rewards.answers.match import answers_match, folded
from rewards.answers.options import reference_option
from rewards.answers.quantities import read_quantity
from rewards.answers.relations import read_claims
from tagger.traces.references import NotAnAnswer, cut_reference


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
