"""The default: mathematical equivalence with the reference, or the same text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rewards.answers.extract import extract_answer, extract_option
from rewards.answers.match import answers_match, folded
from rewards.answers.options import reference_option
from rewards.answers.plain import plain
from rewards.answers.quantities import read_quantity
from rewards.answers.relations import read_claims
from rewards.answers.sequences import read_sequence
from rewards.answers.wordings.verdicts import is_verdict, read_verdict
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
        return extract_option(answer) or _text_of_option(answer, reference)
    if kind == "verdict":
        return read_verdict(extract_answer(answer, numeric=False))
    return answer.strip() if kind == "prose" else extract_answer(answer, kind == "number")


def _text_of_option(answer: str, reference: str) -> str:
    """An answer that names no option, where the reference says what its option holds."""
    option = reference_option(_wanted(reference)[0])
    if option is None or not option.text:
        return ""
    given = given_answer(answer, option.text)
    return given if answers_match(given, option.text) else ""


@lru_cache(maxsize=4096)
def _wanted(reference: str) -> tuple[str, str]:
    """The answer that a reference holds, and its kind: number, option, verdict, text or prose."""
    try:
        wanted = cut_reference(reference)
    except NotAnAnswer:
        return reference, "prose"
    if reference_option(wanted) is not None:
        return wanted, "option"
    if is_verdict(wanted):
        return wanted, "verdict"
    if read_sequence(plain(wanted)) is not None and read_quantity(wanted) is None:
        return wanted, "text"
    claims = read_claims(wanted, unknowns=True)
    numeric = any(read_quantity(claim.value, variables=True) is not None for claim in claims)
    return wanted, "number" if numeric else "text"
