"""Reflection keywords, counted: the audit that a learned tagger must beat."""

from __future__ import annotations

import re

REFLECTION_KEYWORDS = (
    "wait",
    "alternatively",
    "hold on",
    "another thought",
    "verify",
    "think again",
    "but",
    "however",
    "alternative",
    "check",
    "double-check",
    "oh",
    "hmm",
)
"""The 13 words of ARLCP (arXiv 2602.12113)."""

_PATTERN = re.compile(
    r"\b(?:"
    + "|".join(sorted(map(re.escape, REFLECTION_KEYWORDS), key=len, reverse=True))
    + r")\b",
    re.IGNORECASE,
)


def count_keywords(text: str) -> int:
    """Occurrences of the reflection keywords, as whole words; overlaps count once."""
    return len(_PATTERN.findall(text))
