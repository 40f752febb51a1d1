"""Answers to yes-or-no questions: "Yes, because 3 > 2.", "The statement is false."."""

from __future__ import annotations

import re

from rewards.answers.plain import plain

_VERDICT = re.compile(r"(?<![\w'-])(yes|no|true|false)(?![\w'-])", re.IGNORECASE)
_REFERENCE = re.compile(r"\W*(yes|no|true|false)\W*", re.IGNORECASE)
_FIRST = re.compile(
    r"\W*(yes|no|true|false)(?:[\s*_`\"']*[,.;:!(\n-].*|\s+(?:because|since|as|for)\b.*|\W*)",
    re.IGNORECASE | re.DOTALL,
)
_LAST = re.compile(r"\b(?:is|are|be|becomes)\s+(not\s+)?[*_\"'`]*(true|false)\W*$", re.IGNORECASE)
_HEDGE = re.compile(r"\b(?:or|maybe|perhaps|possibly|wait|actually|sorry)\b", re.IGNORECASE)
_OPPOSITE = {"true": "false", "false": "true"}


def is_verdict(reference: str) -> bool:
    """Whether a reference is yes, no, true or false."""
    return _REFERENCE.fullmatch(plain(reference)) is not None


def read_verdict(answer: str) -> str:
    """The verdict that an answer gives.

    Args:
        answer: The extracted answer.

    Returns:
        ``yes``, ``no``, ``true`` or ``false``; empty if it gives none, or hedges.
    """
    flat = plain(answer).strip()
    if match := _FIRST.fullmatch(flat):
        word = match[1].casefold()
        others = {m[1].casefold() for m in _VERDICT.finditer(flat)} - {word}
        return "" if others and _HEDGE.search(flat) else word
    if (match := _LAST.search(flat)) and not _HEDGE.search(flat):
        word = match[2].casefold()
        return _OPPOSITE[word] if match[1] else word
    return ""
