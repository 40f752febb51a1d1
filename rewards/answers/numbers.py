"""Exact values of the numbers that people and models write."""

from __future__ import annotations

import re
from fractions import Fraction

_MINUS = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{(-?\d+)\}\s*\{(-?\d+)\}")
_THOUSANDS = re.compile(r"(?<=\d)(?:,|\{,\}|\\,|\\!|\s)(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)")
_RATIO = re.compile(r"([+-]?\d+)\s*/\s*([+-]?\d+)")
_WRAPPERS = re.compile(r"\\(?:left|right|displaystyle|mathrm|text|mathbf)\b|[$]")

MAX_DIGITS = 60
"""Longer numbers are compared as text."""


def clean(text: str) -> str:
    """Put minus signs, spaces, LaTeX fractions and thousands separators into one plain form."""
    text = _WRAPPERS.sub("", text.translate(_MINUS))
    text = _LATEX_FRACTION.sub(r"\1/\2", text)
    return _THOUSANDS.sub("", text)


def exact_value(text: str) -> Fraction | None:
    r"""Value of a text that is one whole number, decimal or fraction.

    Args:
        text: E.g. ``"12"``, ``"-3.50"``, ``"1,024"``, ``"3/4"``, ``r"\frac{3}{4}"``, ``"$7.$"``.

    Returns:
        The exact value, or None if the text is anything else.
    """
    plain = clean(text).strip().strip("{}").strip()
    plain = plain[:-1].rstrip() if plain.endswith(".") else plain
    if len(plain) > MAX_DIGITS:
        return None
    ratio = _RATIO.fullmatch(plain)
    if ratio and int(ratio[2]):
        return Fraction(int(ratio[1]), int(ratio[2]))
    return Fraction(plain) if _NUMBER.fullmatch(plain) else None
