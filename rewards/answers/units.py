r"""Units: which mean the same, which differ, and by how much.

A small table of the units of school and contest problems. A word that it does not know is a label
(``20 apples``): it tells what was counted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

LABEL = "label"
"""Dimension of a word that is no known unit."""
PERCENT = "percent"
DOZEN = "dozen"

# dimension: unit names, each with its size in the first unit of the dimension.
_SIZES: dict[str, dict[str, str]] = {
    "length": {
        "m meter metre 米": "1", "mm millimeter millimetre 毫米": "1/1000",
        "cm centimeter centimetre 厘米": "1/100", "km kilometer kilometre 公里 千米": "1000",
        "dm decimeter decimetre 分米": "1/10", "in inch inche": "0.0254", "ft foot feet": "0.3048",
        "yd yard": "0.9144", "mi mile": "1609.344",
    },
    "mass": {
        "g gram gm 克": "1", "mg milligram": "1/1000", "kg kilogram kilo 千克 公斤": "1000",
        "tonne": "1000000", "oz ounce": "28.349523125", "lb pound": "453.59237",
    },
    "time": {
        "s sec second 秒": "1", "ms millisecond": "1/1000", "min minute 分钟": "60",
        "h hr hour 小时": "3600", "day 天": "86400", "week 周 星期": "604800",
    },
    "months": {
        "month 月 个月": "1", "yr year 年": "12", "decade": "120", "century centurie": "1200",
    },
    "length3": {
        "l liter litre 升": "0.001", "ml milliliter millilitre cc 毫升": "0.000001",
        "gal gallon": "0.003785411784", "qt quart": "0.000946352946", "pint": "0.000473176473",
    },
    "length2": {"hectare ha": "10000", "acre": "4046.8564224"},
    "length per time": {"mph": "0.44704", "kph kmh kmph": "5/18"},
    "dollars": {"dollar $ usd buck 美元": "1", "cent ¢ 美分": "1/100"},
    "euros": {"euro € eur 欧元": "1"},
    "pounds sterling": {"£ gbp 英镑": "1", "penny pence": "1/100"},
    "yen": {"¥ yen jpy 日元": "1"},
    "rupees": {"rupee ₹ rs rs. inr": "1"},
    "yuan": {"yuan 元 rmb cny 人民币": "1"},
    "angle": {"degree deg ^\\circ \\circ 度": "1"},
    "radians": {"radian rad": "1"},
    "celsius": {"celsius degree-celsius ^\\circ-c degree-c 摄氏度": "1"},
    "fahrenheit": {"fahrenheit degree-fahrenheit ^\\circ-f degree-f": "1"},
    "kelvin": {"kelvin": "1"},
    DOZEN: {"dozen": "1"},
    PERCENT: {"% percent percentage pct percentage-point per-cent": "1"},
    "morning": {"am a.m. a.m": "1"},
    "afternoon": {"pm p.m. p.m": "1"},
    "units": {"unit": "1"},
}  # fmt: skip


def _singular(word: str) -> str:
    word = word.casefold()
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word


_UNITS = {
    "-".join(_singular(part) for part in name.split("-")): (dimension, Fraction(size))
    for dimension, sizes in _SIZES.items()
    for names, size in sizes.items()
    for name in names.split()
}
_POWER = {"square": 2, "sq": 2, "sq.": 2, "cubic": 3, "cu": 3, "cu.": 3, "平方": 2, "立方": 3}
_LITRE = Fraction(1, 1000)  # a litre in cubic metres

CURRENCIES = "$€£¥₹"
_TOKEN = re.compile(
    r"\^\s?\{?\s*\\circ\s?\}?(?:\s?[CF]\b)?|\^\s?\{?\s?[23]\s?\}?|[ap]\.m\.?|(?:sq|cu|rs)\.|[^\W\d_]+|[/%$€£¥₹¢]",
    re.IGNORECASE,
)
_MATH_WORDS = (
    "or and to plus minus times not nor maybe perhaps possibly either between than but versus vs "
    "half halves third thirds quarters squared cubed factorial mod modulo sqrt pi sin cos tan log "
    "ln exp theta alpha beta gamma hundred "
    "thousand million billion if unless when less fewer is are was were isn not never cannot wrong "
    "incorrect false ish"
)
_NO_LABEL = frozenset(_MATH_WORDS.split())


_SYMBOLS = {
    "N": "newton", "kN": "kilonewton", "J": "joule", "kJ": "kilojoule", "eV": "electronvolt",
    "W": "watt", "kW": "kilowatt", "V": "volt", "A": "ampere", "mA": "milliampere", "K": "kelvin",
    "Pa": "pascal", "kPa": "kilopascal", "Hz": "hertz", "kHz": "kilohertz", "nm": "nanometer",
}  # fmt: skip
_SYMBOL = re.compile(
    r"(?<=[\d}\s,;:!~])\\(?:text|textrm|mathrm|mbox)\s*"
    rf"\{{[~\s]*(?:(?<=[~\s])K|(?P<symbol>{'|'.join(s for s in _SYMBOLS if s != 'K')}))\s*\}}"
)

# Units that are multiplied: the first of a line, then others with their size in it.
_MULTIPLIED = (
    "N newton; kN kilonewton 1000", "J joule; kJ kilojoule 1000", "V volt", "K kelvin", "C coulomb",
    "W watt; kW kilowatt 1000; MW megawatt 1000000", "Pa pascal; kPa kilopascal 1000", "T tesla",
    "A ampere amp; mA milliampere 1/1000", "Ω \\Omega ohm", "mol mole", "s second; h hour 3600",
    "kg kilogram; g gram 1/1000", "m meter metre; cm 1/100; mm 1/1000; km 1000",
)  # fmt: skip
_FACTORS = {
    name: (line.split()[0], Fraction(parts[-1] if parts[-1][0].isdigit() else 1))
    for line in _MULTIPLIED
    for parts in map(str.split, line.split(";"))
    for name in parts
    if not name[0].isdigit()
}
_MAY_MULTIPLY = re.compile(  # most phrases do not, and are told at once
    rf"\{{?\s*(?:{'|'.join(map(re.escape, _FACTORS))})s?(?:[\s.*^\\/-]|[hm](?![a-z]))",
    re.IGNORECASE,
)
_JOINED = re.compile(r"(?<![A-Za-z])(?:(k?N)(m)|([kM]?W|m?A)(h))(?![A-Za-z])")
_FACTOR = (
    rf"(?P<name>{'|'.join(re.escape(f) for f in sorted(_FACTORS, key=len, reverse=True))})"
    r"(?P<many>(?<=[a-z]{3})s)?(?![A-Za-z])(?:\s?\^\s?\{?\s?(?P<power>-?[1-4])(?:\s?\})?)?"
)
_NEXT_FACTOR = re.compile(
    rf"(?P<sign>\s*(?:\\cdot|[*.])\s*|(?<=[a-z]{{3}})-(?=[a-z]{{3}})|\s*/\s*|\s+per\s+|\s+|){_FACTOR}"
)
_MULTIPLY = re.compile(r"\s*(?:\\cdot|\*|\s)\s*")
_BELOW_IN_BRACKETS = re.compile(r"/\s*\(([^()/]+)\)")
_WORD = re.compile(r"(?<!\\)(?:[A-Za-z]{4,}|Ohm|Amp)")
_KILOWATT_HOURS = re.compile(r"(?<![A-Za-z])kwh(?![A-Za-z])", re.IGNORECASE)
_SAYS_OF_WHAT = re.compile(r"[\s,(]+(?!(?:per|an?|each|every)\b)[a-z]{2,}[a-z\s)]*")
_FILLER_WORDS = "of the a an in total all altogether each left more together only"
_FILLERS = frozenset(_FILLER_WORDS.split())
_PER = frozenset(["per", "/", "a", "an", "every", "each"])
_RATE = _PER - {"a", "an"}
_FRACTION = re.compile(
    r"^\\frac\s*\{\s*([^\W\d_][^{}\d]*?(?:\^\s?[23])?)\s*\}\s*\{\s*([^{}\d]+?(?:\^\s?[23])?)\s*\}$"
)
_BELOW = re.compile(r"([^\W\d_]+)\s?\^\s?\{?\s?-\s?([1-3])\s?\}?")  # m s^{-2}
_POWERS = re.compile(r"\^\s?\{?\s?[23]")
_RAISED = re.compile(r"\^\{?([23])\}?")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure.

    Attributes:
        dimension: What it measures; `LABEL` for a word that is no known unit.
        size: Its size in the first unit of the dimension.
        words: The words of a label, singular.
    """

    dimension: str
    size: Fraction = Fraction(1)
    words: frozenset[str] = frozenset()


def spell_symbols(text: str) -> str:
    r"""A text with symbols of units in words, where only ``\text{}`` tells them from variables.

    Args:
        text: E.g. ``r"10\ \mathrm{N}"``, which becomes ``"10 newton"``; ``"10N"`` stays.
    """
    return _SYMBOL.sub(lambda match: f" {_SYMBOLS[match['symbol'] or 'K']}", text)


@lru_cache(maxsize=4096)
def read_unit(phrase: str) -> Unit | None:
    r"""Read what follows a number.

    Args:
        phrase: E.g. ``"km"``, ``"square feet"``, ``"miles per hour"``, ``"cm^2"``, ``"apples"``.

    Returns:
        The unit; words behind a known unit are ignored (``"miles in all"``). None if the phrase
        says more than a unit does (``"or 19"``, ``"x"``, ``"more than 3"``).
    """
    phrase = _FRACTION.sub(r"\1/\2", phrase.strip())
    if len(phrase) <= 60 and _MAY_MULTIPLY.match(phrase) and (product := _product(phrase)):
        return product
    phrase = _BELOW.sub(lambda m: f"/{m[1]}" + (f"^{m[2]}" if m[2] != "1" else ""), phrase)
    if not phrase or len(phrase) > 60 or re.search(r"[0-9]", _POWERS.sub("", phrase)):
        return None
    tokens = [t.group().replace(" ", "") for t in _TOKEN.finditer(phrase)]
    leftover = re.sub(r"[\s.,()'\"-]", "", _TOKEN.sub("", phrase))
    if not tokens or leftover or any(t.casefold() in _NO_LABEL for t in tokens):
        return None
    known, used = _known(tokens)
    while known is not None and used < len(tokens) and tokens[used].casefold() in _PER:
        below, more = _known(tokens[used + 1 :])
        if below is None:
            break
        known = Unit(f"{known.dimension} per {below.dimension}", known.size / below.size)
        used += more + 1
    if known is not None:
        return known
    per = next((i for i, t in enumerate(tokens) if t.casefold() in _RATE), len(tokens))
    below, _ = _known(tokens[per + 1 :])
    words = {_singular(t) for t in (tokens if below is None else tokens[:per]) if t[0].isalpha()}
    if not words or len(words) > 6 or (max(map(len, words)) < 3 and "".join(words).isascii()):
        return None
    kind, size = (LABEL, Fraction(1))
    if below is not None:
        kind, size = f"{LABEL} per {below.dimension}", 1 / below.size
    return Unit(kind, size, frozenset(words - _FILLERS)) if words - _FILLERS else Unit("units")


def _product(phrase: str) -> Unit | None:
    r"""Units that are multiplied: ``N\cdot m``, ``kWh``, ``J/(kg K)``; None if none are."""
    if phrase[:1] + phrase[-1:] == "{}":  # of \mathrm{J g^{-1} K^{-1}}
        phrase = phrase[1:-1].strip()
    text = _WORD.sub(lambda m: m[0].casefold(), _KILOWATT_HOURS.sub("kWh", phrase))
    text = _JOINED.sub(lambda m: " ".join(filter(None, m.groups())), text)
    text = _BELOW_IN_BRACKETS.sub(lambda m: "/" + _MULTIPLY.sub("/", m[1].strip()), text)
    at, size, powers, signs = 0, Fraction(1), Counter[str](), Counter[bool]()
    while at < len(text):
        found = _NEXT_FACTOR.match(text, at)
        if found is None and _SAYS_OF_WHAT.fullmatch(text, at):
            break
        if found is None or bool(found["sign"]) == (at == 0):
            return None
        below = found["sign"].strip() in ("/", "per")
        power = int(found["power"] or 1) * (-1 if below else 1)
        base, of_base = _FACTORS[found["name"]]
        powers[base] += power
        signs[power > 0] += 1
        size *= of_base**power
        at = found.end()
    if max(signs.values(), default=0) < 2 or not _NO_LABEL.isdisjoint(text[at:].split()):
        return None  # m s^{-2} is a rate like any other
    return Unit("·".join(f"{base}^{power}" for base, power in sorted(powers.items())), size)


def _known(tokens: list[str]) -> tuple[Unit | None, int]:
    """The known unit that begins a list of tokens, and how many of them it takes."""
    power, start = 1, 0
    if tokens and tokens[0].casefold() in _POWER:
        power, start = _POWER[tokens[0].casefold()], 1
    for length in (2, 1):
        end = start + length
        name = "-".join(_name(t) for t in tokens[start:end])
        raised = _RAISED.fullmatch(tokens[end]) if end < len(tokens) else None
        inches = name != "in" or raised or end == len(tokens)  # "20 in all" are no inches
        if end <= len(tokens) and name in _UNITS and inches:
            dimension, size = _UNITS[name]
            if raised:
                power, end = int(raised[1]), end + 1
            return Unit(f"{dimension}{power}" if power > 1 else dimension, size**power), end
    return None, 0


def _name(token: str) -> str:
    if len(token) == 1:
        return token.casefold() if token == "L" else token  # 5 M are no metres
    if token.startswith("^"):
        return re.sub(r"[{}\s]", "", token).casefold().replace("circ", "circ-").rstrip("-")
    return _singular(token)


def is_measure(unit: Unit | None) -> bool:
    """Whether a unit is one of measure, and no label such as ``apples``."""
    return unit is not None and not unit.words and unit.dimension != "units"


def same_unit(given: Unit | None, wanted: Unit | None) -> Fraction | None:
    """How many of the wanted unit one of the given unit is.

    A missing unit is as good as any, and so is "units"; labels agree if they share a word.

    Returns:
        The factor, or None if the units differ in kind.
    """
    if given is None or wanted is None:
        return Fraction(1)
    if given.words and wanted.words:
        if not given.words & wanted.words:
            return None
        if LABEL in (given.dimension, wanted.dimension):
            return Fraction(1)
    if {given.dimension, wanted.dimension} in ({"angle", "celsius"}, {"angle", "fahrenheit"}):
        return Fraction(1)  # "degrees"
    if given.dimension == wanted.dimension:
        return given.size / wanted.size
    if any(u.dimension.startswith("units") for u in (given, wanted)):
        return Fraction(1)
    return None
