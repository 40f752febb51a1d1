"""Keyword lists: what peers count in place of typed steps, and what a tagger must beat."""

from __future__ import annotations

import re
from functools import cache

from tagger.letter_case import lower_case, where_words_begin

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

CHINESE_VERIFICATION = (
    "等等", "等一下", "等一等", "稍等", "且慢", "不对",
    "检查", "检验", "验证", "验算", "核对", "核实", "核查", "复核", "复查", "查验",
    "重新", "再算一遍", "再算一次", "再看一遍", "再想想", "再想一想", "再确认", "确认一下",
    "反过来算", "檢查", "檢驗", "驗證", "驗算", "核對", "核實", "核查", "複核", "複查", "不對",
    "再算一遍", "再想想", "再確認", "確認一下",
)  # fmt: skip
"""Phrases with which thinking in Chinese checks and doubts, simplified and traditional; ours."""

KEYWORD_LISTS: dict[str, tuple[str, ...]] = {
    "ARLCP's 13 words": REFLECTION_KEYWORDS,
    f"our {len(CHECKING_KEYWORDS)} words": CHECKING_KEYWORDS,
}
"""Baselines by the name a table shows."""

ALL_KEYWORDS = tuple(
    sorted({word for words in (*KEYWORD_LISTS.values(), CHINESE_VERIFICATION) for word in words})
)
"""Every word of every list; a step without any is *marker-free*."""


_CHINESE = re.compile("[\u4e00-\u9fff]")


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    spaced = [word for word in words if word.isascii()]
    parts = [where_words_begin(_escaped(spaced), end=r"\b")] if spaced else []
    unspaced = [word for word in words if not word.isascii()]
    # "等等" is "wait" where a clause begins and "and so on" behind a word
    parts += [rf"(?<!\w){_either(waits)}"] if (waits := _beginning(unspaced, "等")) else []
    parts += [_either(rest)] if (rest := [w for w in unspaced if w not in waits]) else []
    return re.compile("|".join(parts))


@cache
def _some_ascii(words: tuple[str, ...]) -> bool:
    return any(word.isascii() for word in words)


def _either(words: list[str]) -> str:
    return f"(?:{'|'.join(_escaped(words))})"


def _escaped(words: list[str]) -> list[str]:
    """Words as patterns, the longest first."""
    return sorted(map(re.escape, words), key=len, reverse=True)


def _beginning(words: list[str], character: str) -> list[str]:
    return [word for word in words if word.startswith(character)]


def count_keywords(text: str, words: tuple[str, ...] = REFLECTION_KEYWORDS) -> int:
    """Occurrences of keywords (in lower case), as whole words in any case; overlaps count once.

    Chinese puts no spaces between words, so its phrases count wherever they stand.
    """
    if not _some_ascii(words) and (text.isascii() or not _CHINESE.search(text)):
        return 0
    return len(_pattern(words).findall(lower_case(text)))


def has_keyword(text: str, words: tuple[str, ...] = ALL_KEYWORDS) -> bool:
    """Whether any of the words (in lower case) occurs, as a whole word in any case."""
    return _pattern(words).search(lower_case(text)) is not None
