r"""Numbers with their units: ``\$3.50``, ``5 km``, ``90^\circ``, ``2 hours 30 minutes``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from rewards.answers.numbers import UNSIGNED, value_of
from rewards.answers.plain import clean
from rewards.answers.units import (
    CURRENCIES,
    DOZEN,
    LABEL,
    PERCENT,
    Unit,
    read_unit,
    same_unit,
    spell_symbols,
)

MAX_LENGTH = 120
"""Characters of the longest text that is read as a quantity."""

_ABOUT = (
    r"(?:\\(?:approx|sim|simeq|thickapprox)\s*|~\s*|=\s*|:\s*|(?:about|approximately|approx\.?|around"
    r"|roughly|exactly|only|just|precisely|equal to|equals|a total of|is|probably)\s+)*"
)
_CODE = r"(?:(?:US|USD|EUR|GBP|CNY|INR|Rs)\b\.?)"
_QUANTITY = re.compile(
    rf"{_ABOUT}(?P<sign>[+-]?)\s?(?:(?P<money>(?:US)?[{CURRENCIES}]|{_CODE})\s{{0,3}})?"
    rf"(?P<sign2>[+-]?)(?P<number>{UNSIGNED})(?![0-9,])(?P<unit>.*)",
    re.IGNORECASE | re.DOTALL,
)
_PART = re.compile(rf"(?P<number>{UNSIGNED})[\s-]{{0,2}}(?P<unit>[A-Za-z.]+)[\s,]*(?:and\s)?\s*")
_IN_PARTS = ("time", "length", "mass", "months")
_TIME = re.compile(
    r"(?:at\s+)?(?P<h>\d{1,2})(?:\s?:\s?(?P<m>\d{2})(?:\s?:\s?(?P<s>\d{2}))?)?"
    r"\s*(?:(?P<half>[ap])\.?\s?m\.?|(?P<noon>noon|midnight)|(?P<clock>o'?\s?clock))?\.?",
    re.IGNORECASE,
)
_NAMED_TIMES = {"noon": (43200, "p"), "midnight": (0, "a")}
_AND = re.compile(r"(?<=\d)\s+and\s+(?P<top>\d+)/(?P<bottom>\d+)(?![\w.])")
_UNWRAPPED = re.compile(r"[\s:*`\"]*(.*?)[\s,;:*`\"]*", re.DOTALL)
_LETTERS = r"[A-Za-z](?:(?:\s|·|\\cdot(?![A-Za-z])|\*)+[A-Za-z])*"  # 6m, 6 N\cdot m
_VARIABLE = re.compile(
    rf"\s*[-+]?[0-9.,]+{_LETTERS}\s*|\s*(?:\$|\\\().*[0-9}}]\s*{_LETTERS}\s*(?:\$|\\\))\s*"
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit, None where it has none."""

    value: Fraction
    unit: Unit | None = None


def read_quantity(text: str, variables: bool = False) -> Quantity | None:
    """Read a text that is one number, with or without a unit.

    Args:
        text: E.g. ``"20"``, ``"$20"``, ``"20 apples"``, ``"about 20 km"``, ``"2 h and 5 min"``.
        variables: Whether letters right behind a number are variables (``6m``), not units.

    Returns:
        The quantity, or None if the text is anything else.
    """
    if text.isascii() and text.isdigit() and len(text) < MAX_LENGTH:
        return Quantity(Fraction(int(text)))
    if len(text) > MAX_LENGTH or (variables and _VARIABLE.fullmatch(text)):
        return None
    return _read(spell_symbols(text) if "\\" in text else text)


@lru_cache(maxsize=4096)
def _read(text: str) -> Quantity | None:
    match = _UNWRAPPED.fullmatch(clean(text))
    bare = _AND.sub(_mixed, match[1] if match else "")
    if (value := value_of(bare)) is not None:
        return Quantity(value)
    if (match := _QUANTITY.fullmatch(bare)) is None or (match["sign"] and match["sign2"]):
        return None
    value = value_of(match["number"])
    rest = match["unit"].strip(" .")
    if value is None or (match["unit"][:1] == "." and rest[:1].isdigit()):
        return None
    if "-" in (match["sign"], match["sign2"]):
        value = -value
    if match["unit"][:1] == "-":
        rest = rest[1:]  # 5-mile
        if not rest:
            return None
    if match["money"]:
        name = match["money"].casefold().removeprefix("us") or "$"
        return _with_money(value, read_unit("usd" if name == "d" else name.rstrip(".")), rest)
    if not rest:
        return Quantity(value)
    unit = read_unit(rest)
    if unit is None:
        return _sum_of_parts(bare)
    return Quantity(value, unit)


def _mixed(match: re.Match[str]) -> str:
    """``2 and 3/4`` as ``2 3/4``; ``2 and 4/3`` as it is."""
    proper = int(match["top"]) < int(match["bottom"])
    return f" {match['top']}/{match['bottom']}" if proper else match[0]


def _with_money(value: Fraction, money: Unit | None, rest: str) -> Quantity | None:
    """An amount of money; what follows may say of what or how often, but name no other unit."""
    if not rest:
        return Quantity(value, money)
    unit = read_unit(f"$ {rest}")
    if money is None or unit is None:
        return None
    return Quantity(value, Unit(unit.dimension.replace("dollars", money.dimension, 1), unit.size))


def _sum_of_parts(text: str) -> Quantity | None:
    """``2 hours and 30 minutes``: parts of one dimension, each unit smaller than the one before."""
    total, last, end = Fraction(0), None, 0
    while part := _PART.match(text, end):
        value, unit = value_of(part["number"]), read_unit(part["unit"])
        if value is None or unit is None or unit.dimension not in _IN_PARTS:
            return None
        if last is not None and (unit.dimension != last.dimension or unit.size >= last.size):
            return None
        total, last, end = total + value * unit.size, unit, part.end()
    return Quantity(total, Unit(last.dimension)) if last is not None and end == len(text) else None


def same_quantity(given: Quantity, wanted: Quantity) -> bool:
    """Whether two quantities are equal.

    Where only one side has a percent sign, 50 % equals both 50 and 0.5; 2 dozen are 24 too. A unit
    that only one side has is ignored; otherwise they must be of one kind, and are converted.
    """
    if given.unit is None and wanted.unit is None:
        return given.value == wanted.value
    for dimension, times in ((PERCENT, Fraction(1, 100)), (DOZEN, Fraction(12))):
        has = [q.unit is not None and q.unit.dimension == dimension for q in (given, wanted)]
        if has[0] != has[1]:
            bare, named = (wanted, given) if has[0] else (given, wanted)
            plain = bare.unit is None or (dimension == DOZEN and bare.unit.dimension == LABEL)
            return plain and bare.value in (named.value, named.value * times)
    factor = same_unit(given.unit, wanted.unit)
    return factor is not None and given.value * factor == wanted.value


def read_time(text: str) -> tuple[int, str] | None:
    """Seconds after midnight of a time of day, and ``a``, ``p`` or nothing as it was written."""
    bare = clean(text).strip(" .").casefold() if len(text) < MAX_LENGTH else ""
    if bare in _NAMED_TIMES:
        return _NAMED_TIMES[bare]
    match = _TIME.fullmatch(bare)
    if match is None or not any(match[part] for part in ("m", "half", "noon", "clock")):
        return None
    hours, minutes, seconds = int(match["h"]), int(match["m"] or 0), int(match["s"] or 0)
    if match["noon"]:
        return _NAMED_TIMES[match["noon"]] if (hours, minutes, seconds) == (12, 0, 0) else None
    half = match["half"] or ""
    if hours > (12 if half else 24) or minutes > 59 or seconds > 59:
        return None
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    return 3600 * hours + 60 * minutes + seconds, half


def same_time(given: tuple[int, str], wanted: tuple[int, str]) -> bool:
    """Whether two times of day are equal; 24-hour where the answer does not say which half."""
    if given[1] and not wanted[1]:
        return given[0] % 43200 == wanted[0] % 43200
    return given[0] == wanted[0]
