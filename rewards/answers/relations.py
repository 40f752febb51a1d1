r"""What an equation claims: ``x = 5`` that x is 5, ``2\pi \approx 6.28`` either side."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rewards.answers.plain import plain
from rewards.answers.quantities import read_quantity, same_quantity
from rewards.answers.symbolic import rounds_to

_SIGN = re.compile(r"(?<![<>!\\=])={1,2}(?![<>=])|\\(?:approx|simeq|to|equiv)(?![a-zA-Z])")
_NAME = re.compile(r"(?:\\[a-zA-Z]+|[a-zA-Z]{1,2})(?:_\{?\w+\}?)?'?(?:\([^()=]{1,20}\))?")
_MATHS = re.compile(r"[0-9+*/^-]|\\(?:frac|sqrt|sin|cos|tan|log|ln|times|cdot|pi|infty)(?![a-z])")


@dataclass(frozen=True, slots=True)
class Claim:
    """A value and the name it is claimed for, empty if there is none."""

    value: str
    name: str = ""


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
    name = ""
    if _is_name(sides[0]):
        name, sides, rounded = sides[0], sides[1:], rounded[1:]
    elif len(sides) == 2 and _is_name(sides[1]):
        name, sides, rounded = sides[1], sides[:1], rounded[:1]
    elif unknowns and re.search(r"(?<![\\a-zA-Z])[a-zA-Z]", sides[0]):
        return [Claim(text)]
    name = name if _NAME.fullmatch(name) else ""
    values = [(s, r) for s, r in zip(sides, rounded, strict=True) if s]
    return [Claim(value, name) for value in _values(values)]


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
