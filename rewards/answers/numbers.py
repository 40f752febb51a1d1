"""Exact values of the numbers that people and models write."""

from __future__ import annotations

import re
from fractions import Fraction

from rewards.answers.plain import clean
from rewards.answers.wordings.number_words import value_in_words

MAX_DIGITS = 60
"""Longer numbers are compared as text."""
MAX_EXPONENT = 60

_DECIMAL = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_REPEATING = r"[0-9]*\.[0-9]*\\overline\s*\{?[0-9]+\}?"
UNSIGNED = (
    rf"(?:{_REPEATING}"
    r"|[0-9]+[ \t]+[0-9]+/[0-9]+(?![0-9.])"  # mixed: 3 1/2
    rf"|{_DECIMAL}\s?/\s?[+-]?{_DECIMAL}"
    rf"|{_DECIMAL}(?:[eE][+-]?[0-9]{{1,2}}(?![0-9])"
    rf"|\s?(?:\\times|\\cdot|[*x])\s*10\s?(?:\^|\*\*)\s?\{{?\s?[+-]?[0-9]{{1,2}}\s?\}}?(?![0-9]))?"
    r"(?:\s{0,2}(?:thousand|million|billion|trillion|万|亿)(?![a-z]))?)"
)
"""A number in a text that `clean` made, without sign, currency and unit."""

_NUMBER = re.compile(rf"([+-]?)\s?({UNSIGNED})", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[ ][0-9]{3})+(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(
    r"(?:e|(?:\\times|\\cdot|[*x])\s*10\s?(?:\^|\*\*))\s*\{?\s?([+-]?\d+)", re.IGNORECASE
)
_TIMES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "万": 4, "亿": 8}
_ORDINAL = re.compile(r"(\d+)\s?(?:\^\s?\{?\s*)?(?:st|nd|rd|th)\s?\}?")


def exact_value(text: str) -> Fraction | None:
    r"""Value of a text that is one number and nothing else.

    Args:
        text: E.g. ``"12"``, ``"-3.50"``, ``"1,024"``, ``"3/4"``, ``r"\frac{3}{4}"``, ``"$7.$"``,
            ``r"3\frac{1}{2}"`` (3.5), ``"1.5e3"``, ``r"1.5 \times 10^{3}"``, ``"2 million"``,
            ``"3rd"``, ``"four"``.

    Returns:
        The exact value, or None if the text is anything else.
    """
    if text.isascii() and text.isdigit():
        return Fraction(int(text)) if len(text) <= MAX_DIGITS else None
    return value_of(clean(text).strip(" \n\t$*"))


def value_of(cleaned: str) -> Fraction | None:
    """As `exact_value`, for a text that is clean and stripped already."""
    bare = cleaned[:-1].rstrip() if cleaned.endswith(".") else cleaned
    while bare[:1] + bare[-1:] in ("{}", "()"):
        bare = bare[1:-1].strip()
    if not bare or len(bare) > MAX_DIGITS:
        return None
    match = _NUMBER.fullmatch(bare)
    if match:
        value = _unsigned(match[2])
        return -value if value is not None and match[1] == "-" else value
    if _GROUPED.fullmatch(bare):
        return Fraction(bare.replace(" ", ""))
    if (ordinal := _ORDINAL.fullmatch(bare)) is not None:
        return Fraction(int(ordinal[1]))
    return value_in_words(bare) if bare[0].isalpha() else None


def _unsigned(text: str) -> Fraction | None:
    """Value of what `UNSIGNED` matched; None where a division by zero stands."""
    if "\\overline" in text:
        return _repeating(text)
    scale = 0
    for word, power in _TIMES.items():
        if text.casefold().endswith(word):
            text, scale = text[: -len(word)].rstrip(), power
    if (shift := _SCIENTIFIC.search(text)) is not None:
        text, scale = text[: shift.start()].rstrip(), scale + int(shift[1])
        if abs(scale) > MAX_EXPONENT:
            return None
    whole, _, rest = text.partition(" ") if re.match(r"\d+\s+\d", text) else ("0", "", text)
    top, _, bottom = (part.strip() for part in rest.partition("/"))
    if bottom and not float(bottom):
        return None
    value = Fraction(whole) + Fraction(top) / Fraction(bottom or 1)
    return value * Fraction(10) ** scale


def _repeating(text: str) -> Fraction:
    r"""``0.1\overline{6}`` is 1/6."""
    digits, _, cycle = re.sub(r"[\s{}]", "", text).partition("\\overline")
    whole, _, fixed = digits.partition(".")
    start = Fraction(f"{whole or 0}.{fixed or 0}")
    return start + Fraction(int(cycle), (10 ** len(cycle) - 1) * 10 ** len(fixed))
