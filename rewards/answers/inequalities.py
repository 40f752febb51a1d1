"""Intervals by other words: set builders, two bounds, falling chains, brackets turned outwards."""

from __future__ import annotations

import re

from rewards.answers.plain import plain
from rewards.answers.symbolic import numeric_value

_BUILDER = re.compile(
    r"\\\{\s*([a-z])(?:\s*\\in\s*\\mathbb\s*\{?R\}?)?\s*(?:\\mid(?![a-z])|\\vert(?![a-z])|\||:)"
    r"\s*(.+)\\\}",
    re.DOTALL,
)
_OUTWARDS = re.compile(r"([\[\]])([^\[\](){}]+,[^\[\](){}]+)([\[\]])")
_SIGN = re.compile(r"\\(?:leqslant|geqslant|leq|geq|le|ge|lt|gt)(?![a-z])|<=|>=|<|>")
_RELATION = re.compile(rf"{_SIGN.pattern}|=|\\neq?(?![a-z])")
_NORMAL = {"<": "<", ">": ">", "\\lt": "<", "\\gt": ">"}
_TURNED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}
_AND = re.compile(r"\s+and\s+|\\(?:land|wedge)(?![a-z])")
_LETTER = re.compile(r"[a-zA-Z]")


def rising_chain(text: str) -> str:
    r"""An interval in the form ``1 < x \le 2`` or in brackets, where it is worded otherwise.

    Args:
        text: E.g. ``r"\{x \mid 1 < x \le 2\}"``, ``"x > 1 and x <= 2"``, ``"2 >= x > 1"``,
            ``"]1, 2]"``.

    Returns:
        The text as it is if it is none of these.
    """
    flat = plain(text).strip().rstrip(" .")
    if (builder := _BUILDER.fullmatch(flat)) is not None and _RELATION.search(builder[2]):
        return rising_chain(builder[2])
    if (turned := _OUTWARDS.fullmatch(flat)) is not None:
        opening, inner, closing = turned.groups()
        if (opening, closing) == ("[", "]"):
            return text
        return f"{'(' if opening == ']' else '['}{inner}{')' if closing == '[' else ']'}"
    if not _SIGN.search(flat):
        return text
    joined = _AND.split(flat)
    bounds = joined if len(joined) == 2 else flat.split(",")
    if len(bounds) == 2:
        return _between(bounds[0], bounds[1]) or text
    sides, signs = _SIGN.split(flat), [_normal(sign) for sign in _SIGN.findall(flat)]
    if len(signs) == 2 and all(sign in (">", "\\ge") for sign in signs):
        return f"{sides[2]} {_TURNED[signs[1]]} {sides[1]} {_TURNED[signs[0]]} {sides[0]}"
    return text


def _normal(sign: str) -> str:
    if sign in _NORMAL:
        return _NORMAL[sign]
    return "\\le" if sign[:2] in ("\\l", "<=") else "\\ge"


def _between(one: str, other: str) -> str | None:
    """A lower and an upper bound of one letter as a chain; None if they are anything else."""
    found = {}
    for bound in (one, other):
        sides, signs = [side.strip() for side in _SIGN.split(bound)], _SIGN.findall(bound)
        if len(signs) != 1:
            return None
        sign = _normal(signs[0])
        if _LETTER.fullmatch(sides[1]):
            sides, sign = sides[::-1], _TURNED[sign]
        if not _LETTER.fullmatch(sides[0]):
            return None
        found[sign[:1] if sign in "<>" else {"\\le": "<", "\\ge": ">"}[sign]] = (*sides, sign)
    if set(found) != {"<", ">"} or found["<"][0] != found[">"][0]:
        return None
    (letter, low, above), (_, high, below) = found[">"], found["<"]
    least, most = numeric_value(low), numeric_value(high)
    if least is None or most is None or least >= most:
        return None  # outside of two bounds, or not told
    return f"{low} {_TURNED[above]} {letter} {below} {high}"
