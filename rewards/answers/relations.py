r"""What an equation claims: ``x = 5`` that x is 5, ``2\pi \approx 6.28`` either side."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rewards.answers.plain import plain
from rewards.answers.quantities import read_quantity, same_quantity
from rewards.answers.sequences import read_sequence
from rewards.answers.symbolic import rounds_to

_SIGN = re.compile(r"(?<![<>!\\=])={1,2}(?![<>=])|\\(?:approx|simeq|to|equiv)(?![a-zA-Z])")
_NAME = re.compile(r"(?:\\[a-zA-Z]+|[a-zA-Z]{1,2})(?:_\{?\w+\}?)?'?(?:\([^()=]{1,20}\))?")
_MATHS = re.compile(r"[0-9+*/^-]|\\(?:frac|sqrt|sin|cos|tan|log|ln|times|cdot|pi|infty)(?![a-z])")


_UNKNOWN = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]")
_LETTER = r"[a-zA-Z](?:_\{?\w+\}?)?"
_TUPLE_OF_NAMES = re.compile(rf"\(\s*({_LETTER}(?:\s*,\s*{_LETTER})+)\s*\)\s*=\s*(\(.+\))")
_NAMED_VALUE = re.compile(rf"({_LETTER})\s*=([^=]+)")


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that is claimed.

    Attributes:
        value: The value.
        name: What it is claimed for, empty if that is no name.
        about: The expression that it is claimed for, with its unknowns; empty if there is none.
    """

    value: str
    name: str = ""
    about: str = ""


def read_claims(text: str, unknowns: bool = False) -> list[Claim]:
    """Read the values that a text claims.

    Args:
        text: An answer: a value, an equation, or a chain of them.
        unknowns: Whether ``2x + y = 5`` says something about x and y, and does not claim 5.

    Returns:
        One claim where there is no equation (the text itself). Of a chain, its last value, and the
        exact value before a rounded one. Nothing if its numbers contradict each other: ``19 = 20``.
    """
    flat = plain(text)
    signs = list(_SIGN.finditer(flat))
    if not signs or any(_in_brackets(flat[: sign.start()]) for sign in signs):
        return [Claim(text)]
    ends = [*(s.start() for s in signs), len(flat)]
    begins = [0, *(s.end() for s in signs)]
    sides = [flat[a:b].strip(" $").rstrip(" .,;$") for a, b in zip(begins, ends, strict=True)]
    rounded = [False, *("\\approx" in s[0] or "\\simeq" in s[0] for s in signs)]
    name = about = ""
    if _is_name(sides[0]):
        name, sides, rounded = sides[0], sides[1:], rounded[1:]
    elif len(sides) == 2 and _is_name(sides[1]):
        name, sides, rounded = sides[1], sides[:1], rounded[:1]
    elif _UNKNOWN.search(sides[0]):
        if unknowns:
            return [Claim(text)]
        about = sides[0]
    name = name if _NAME.fullmatch(name) else ""
    values = [(s, r) for s, r in zip(sides, rounded, strict=True) if s]
    return [Claim(value, name, about) for value in _values(values)]


def named_values(text: str) -> dict[str, str] | None:
    """Values of several letters: of ``(x, y) = (1, 2)`` and of ``x = 1, y = 2``.

    Returns:
        The values by letter, empty if one is named twice; None if the text is anything else.
    """
    flat = plain(text).strip().rstrip(" .")
    if (match := _TUPLE_OF_NAMES.fullmatch(flat)) is not None:
        names, values = [n.strip() for n in match[1].split(",")], read_sequence(match[2])
        if values is None or len(values.items) != len(set(names)):
            return None
        return dict(zip(names, values.items, strict=True))
    parts = read_sequence(flat)
    if parts is None or parts.opening or "=" not in flat:
        return None
    found = [_NAMED_VALUE.fullmatch(item) for item in parts.items]
    named = {match[1]: match[2].strip() for match in found if match is not None}
    if None in found:
        return None
    return named if len(named) == len(found) else {}


def _in_brackets(before: str) -> bool:
    return any(before.count(one) > before.count(other) for one, other in ("()", "{}", "[]"))


def _is_name(side: str) -> bool:
    r"""Whether a side only says what is meant: ``x``, ``f(2)``, ``\angle ABC``, ``Area``."""
    return bool(_NAME.fullmatch(side)) or not _MATHS.search(side)


def _values(sides: list[tuple[str, bool]]) -> list[str]:
    """The last exact side and what it is rounded to; nothing if the sides contradict each other."""
    exact, kept, number = "", [], None
    for position, (side, rounded) in enumerate(sides):
        quantity = read_quantity(side)
        if rounded and position:
            if not rounds_to(exact, side):
                return []
            kept.append(side)
            continue
        if quantity is not None:
            if number is not None and not same_quantity(quantity, number):
                return []
            number = quantity
        exact = side
    return [exact, *kept] if exact else kept
