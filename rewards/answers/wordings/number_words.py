"""Numbers in English words: ``one hundred and five``, ``three quarters``, ``three and a half``."""

from __future__ import annotations

import re
from fractions import Fraction

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: i for i, word in enumerate(_ONES.split())} | {
    word: 10 * i for i, word in enumerate(_TENS.split(), 2)
}
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_PARTS = "half third quarter fourth fifth sixth seventh eighth ninth tenth"
_SIZES = dict(zip(_PARTS.split(), (2, 3, 4, 4, 5, 6, 7, 8, 9, 10), strict=True))
_RANKS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_RANK = {word: i for i, word in enumerate(_RANKS.split(), 1)} | {
    f"{word.removesuffix('y')}ieth": 10 * i for i, word in enumerate(_TENS.split(), 2)
}
_LONGEST = 12  # words


def value_in_words(text: str) -> Fraction | None:
    """Value of a number in words.

    Args:
        text: E.g. ``"twenty-one"``, ``"two hundred and five"``, ``"minus three"``, ``"one half"``.

    Returns:
        The value, or None if the text is anything else.
    """
    words = re.split(r"[\s-]+", text.casefold().strip())
    if not 0 < len(words) <= _LONGEST or not all(word.isalpha() for word in words):
        return None
    if words[0] in ("minus", "negative"):
        value = _signless(words[1:])
        return -value if value is not None else None
    return _signless(words)


def rank_in_words(text: str) -> int | None:
    """The place that an ordinal below 100 names.

    Args:
        text: E.g. ``"third"``, ``"the twenty-first"``; "a third" is a fraction and names none.
    """
    words = re.split(r"[\s-]+", text.casefold().strip().removeprefix("the "))
    rank = _RANK.get(words[-1])
    if rank is None or len(words) == 1:
        return rank
    tens = _SMALL.get(words[0], 0) if len(words) == 2 else 0
    return tens + rank if tens >= 20 and rank < 10 else None


def _signless(words: list[str]) -> Fraction | None:
    if not words:
        return None
    last = words[-1].removesuffix("s") if words[-1] != "halves" else "half"
    if last not in _SIZES:
        whole = _whole(words)
        return None if whole is None else Fraction(whole)
    if words == ["half"]:
        return Fraction(1, 2)
    split = len(words) - 1 - words[::-1].index("and") if "and" in words else -1
    counted = words[split + 1 : -1]
    count = 1 if counted == ["a"] else _whole(counted)
    whole = _whole(words[:split]) if split >= 0 else 0
    if count is None or whole is None or (count > 1) != (words[-1] != last):
        return None  # "twenty third" is an ordinal
    return whole + Fraction(count, _SIZES[last])


def _whole(words: list[str]) -> int | None:
    """Value of the words of a whole number; None if they are none."""
    words = ["one", *words] if words[:1] == ["hundred"] else words
    words = ["one", *words[1:]] if words[:1] == ["a"] and len(words) > 1 else words
    total, group, last = 0, 0, 10**12  # last: size of what came before; sizes fall within a group
    for place, word in enumerate(words):
        if word == "and" and 0 < place < len(words) - 1 and last in (100, *_LARGE.values()):
            continue
        number = _SMALL.get(word)
        if number is not None:
            size = 10 if number >= 20 else 1
            if size >= last or (last == 10 and not 0 < number < 10):
                return None
            group, last = group + number, size
        elif word == "hundred" and last == 1 and 0 < group < 100:
            group, last = group * 100, 100
        elif word in _LARGE and group > 0 and (not total or total % (_LARGE[word] * 1000) == 0):
            total, group, last = total + group * _LARGE[word], 0, _LARGE[word]
        else:
            return None
    return total + group if words and last < 10**12 else None
