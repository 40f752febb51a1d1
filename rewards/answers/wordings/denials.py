"""Answers that a text names to deny them: "not 42", "it cannot be 42", "42 is wrong"."""

from __future__ import annotations

import re

_WINDOW = 80
_BEFORE = re.compile(
    r"(?:(?<![a-z])(?:not|never|cannot|isn't|rather than|instead of|unlike|no longer|anything but"
    r"|far from|doubt)|n't|(?:n't|\bnot|\bdoubt)\b(?:(?!\b(?:but|so|and|yet)\b)[^.,;:!?\n]){1,30}"
    r"\b(?:answer|it)(?:\s+is|'s)"
    r"|\b(?:wrong|incorrect|false) (?:answer|result)(?:\s+is|:)|不(?:是|等于|为|应)|并非)"
    r"(?:\s+(?:be|been|equals?|to|just|simply|exactly|really|the|option|choice|answer))*"
    r"[\s*_$({\[\"'`:=\\]*$",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"[\s*_$)}\]\"'`\\]*(?:[a-z]+\s+)?(?:"
    r"(?:is|are|was|were|would be|seems|looks)(?:\s+(?:clearly|obviously|also|therefore))?\s+"
    r"(?:not|never|(?:an?\s+|the\s+)?(?:wrong|incorrect|false)|impossible"
    r"|too\s+(?:big|small|large|low|high|many|few|much))"
    r"|\(?(?:wrong|incorrect)\b|(?:isn't|wasn't|aren't|can't be|cannot be|can not be)"
    r"|不是|不对|是错的?)",
    re.IGNORECASE,
)
_NOT_SAID = re.compile(
    r"(?:n't|\bnot|\bdoubt|\bnever)\b(?:(?!\b(?:but|so|and|yet|then)\b)[^.,;:!?\n]){0,40}$"
    r"|\b(?:wrong|incorrect|false)\s*$",
    re.IGNORECASE,
)


_CHECKED = re.compile(
    r"\b(?:check|verify|confirm|test|validate|checking|verifying|testing)\s+(?:(?:our|the|my|this|that|your)\s+)?"
    r"(?:final\s+)?$",
    re.IGNORECASE,
)


def denies_statement(before: str, statement: str = "") -> bool:
    """Whether a statement is denied as a whole, "I don't think the answer is 42", or is a check.

    Args:
        before: Text before the statement.
        statement: Its words before the answer: what follows "let us check our answer:" is none.
    """
    if ":" in statement and _CHECKED.search(before[-_WINDOW:]):
        return True
    return _NOT_SAID.search(before[-_WINDOW:].replace("’", "'")) is not None


def is_denied(before: str, after: str) -> bool:
    """Whether the words right before or behind an answer deny it.

    Args:
        before: Plain text before the answer.
        after: Plain text behind it.
    """
    return bool(_BEFORE.search(before[-_WINDOW:]) or _BEHIND.match(after[:_WINDOW]))
