"""Searching for words whatever the case of letters, in less time than `re` takes."""

from __future__ import annotations

from collections.abc import Iterable

_LIKE_ASCII = "İıſK"
_TO_ASCII = str.maketrans(_LIKE_ASCII, "iisk")


def lower_case(text: str) -> str:
    """A text in lower case, each character in its place.

    A pattern whose letters are ASCII's in lower case finds in it what it finds in the text itself
    with `re.IGNORECASE`, two to three times as fast.
    """
    if not text.isascii() and any(letter in text for letter in _LIKE_ASCII):
        text = text.translate(_TO_ASCII)
    return text.lower()


def where_words_begin(words: Iterable[str], end: str) -> str:
    r"""A pattern for any of some words where no letter or digit stands before them.

    Finds what ``\b(?:word|…)`` finds, several times as fast: its alternatives begin with a letter
    and look back from there, so `re` searches for these letters alone.

    Args:
        words: Patterns, each beginning with a letter that stands for itself; the first that fits
            is found.
        end: Pattern of what comes behind every word.

    Returns:
        Alternatives, not in brackets: as long as all others begin with a character that stands
        for itself, more can be joined by ``|``.
    """
    rests: dict[str, list[str]] = {}
    for word in words:
        rests.setdefault(word[0], []).append(word[1:])
    return "|".join(
        rf"{first}(?<!\w{first})(?:{'|'.join(rest)}){end}" for first, rest in rests.items()
    )
