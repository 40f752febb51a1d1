"""What computer algebra hangs on: powers of powers, large exponents, factorials."""

from __future__ import annotations

import re

_POWER = re.compile(r"\^|\*\*")
_RAISED_BRACKET = re.compile(r"[)}\]]\s*(?:\^|\*\*)")
_SHORT_EXPONENT = re.compile(r"\s*[+-]?\s*(?:\d+(?:\.\d+)?|\.\d+|[a-zA-Z])\s*")
_LATER_POWER = re.compile(r"[^+\-=,;]*(?:\^|\*\*)")
_BIG_POWER = re.compile(r"(?:\^|\*\*)\s*[{(]*\s*[+-]?\d{4,}")
_BIG_POWER_OF_SUM = re.compile(r"[a-zA-Z)}\]]\s*(?:\^|\*\*)\s*[{(]*\s*[+-]?\d{3,}")
_FACTORIAL = re.compile(r"[\w)}]\s*!")
_SMALL_FACTORIAL = re.compile(r"(?<![\w.^*\\])(?<!\^\{)\d{1,2}\s?!(?!\s?[!^*])")


def can_hang(text: str) -> bool:
    """Whether a text holds a power or factorial that would take a computer algebra system ages.

    Args:
        text: Mathematics that `rewards.answers.plain.plain` made. Powers next to each other
            (``2^3 * 5^4``, ``x^2y^2``) and factorials of at most two digits are harmless.
    """
    if any(_is_tower(text, match.end()) for match in _POWER.finditer(text)):
        return True
    if any(_nests(text, match.start()) for match in _RAISED_BRACKET.finditer(text)):
        return True
    if _FACTORIAL.search(_SMALL_FACTORIAL.sub("1", text)):
        return True
    return any(pattern.search(text) for pattern in (_BIG_POWER, _BIG_POWER_OF_SUM))


def _is_tower(text: str, start: int) -> bool:
    """Whether the exponent that begins at a place holds a power, or is raised to one itself."""
    begin = len(text) - len(text[start:].lstrip())
    if text[begin : begin + 1] in ("{", "("):
        end = _closing(text, begin)
        if end is None or _POWER.search(text, begin, end):
            return True
        return _POWER.match(text[end + 1 :].lstrip()) is not None
    if (short := _SHORT_EXPONENT.match(text, start)) is not None:
        return _POWER.match(text, short.end()) is not None
    return _LATER_POWER.match(text, start) is not None  # 2^\sqrt[3]{x}: its end is not told


def _nests(text: str, close: int) -> bool:
    """Whether a bracket that is raised to a power holds another one: ``((x^2)^3)^4``."""
    depth = 0
    for place in range(close, -1, -1):
        depth += (text[place] in ")}]") - (text[place] in "({[")
        if not depth:
            return _RAISED_BRACKET.search(text, place, close) is not None
    return True


def _closing(text: str, begin: int) -> int | None:
    """Where the bracket that opens at a place closes; None if it does not."""
    depth = 0
    for place in range(begin, len(text)):
        depth += (text[place] in "{(") - (text[place] in "})")
        if not depth:
            return place
    return None
