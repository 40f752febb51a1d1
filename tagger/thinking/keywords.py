"""Keyword lists: what peers count in place of typed steps, and what a tagger must beat."""

from __future__ import annotations

import re
from functools import cache

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

CHECKING_KEYWORDS = (
    "wait", "hold on", "hmm", "again", "actually", "indeed", "sure",
    "check", "checks", "checking", "checked", "recheck", "rechecking",
    "double-check", "double-checking", "verify", "verifying", "verified",
    "confirm", "confirms", "confirmed", "confirming", "sanity", "make sense", "makes sense",
    "let me see", "re-examine", "reconsider", "correct", "incorrect", "match", "matches",
    "consistent", "mistake", "error", "wrong",
)  # fmt: skip
"""A longer list of ours: the words with which real traces check and doubt."""

KEYWORD_LISTS: dict[str, tuple[str, ...]] = {
    "ARLCP's 13 words": REFLECTION_KEYWORDS,
    f"our {len(CHECKING_KEYWORDS)} words": CHECKING_KEYWORDS,
}
"""Baselines by the name a table shows."""

ALL_KEYWORDS = tuple(sorted({word for words in KEYWORD_LISTS.values() for word in words}))
"""Every word of every list; a step without any is *marker-free*."""


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(longest_first)})\b", re.IGNORECASE)


def count_keywords(text: str, words: tuple[str, ...] = REFLECTION_KEYWORDS) -> int:
    """Occurrences of keywords, as whole words in any case; overlaps count once."""
    return len(_pattern(words).findall(text))


def has_keyword(text: str, words: tuple[str, ...] = ALL_KEYWORDS) -> bool:
    """Whether any of the words occurs, as a whole word in any case."""
    return _pattern(words).search(text) is not None
