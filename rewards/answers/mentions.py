"""Numbers that a sentence mentions, and whether it commits itself to one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rewards.answers.numbers import UNSIGNED
from rewards.answers.quantities import Quantity, read_quantity, same_quantity
from rewards.answers.units import CURRENCIES, LABEL, read_unit
from rewards.answers.wordings.denials import is_denied

_ATTACHED = r"(?:km/h|kmh|km|cm|mm|kg|mg|ml|mi|ft|lbs?|oz|hrs?|mins?|secs?|mph|[mghsL])(?![a-zA-Z])"
_MENTION = re.compile(
    r"(?<![a-zA-Z0-9_.{^\\])(?<![0-9\s],)(?<!^,)(?:(?<![\w)}\]])(?<![0-9] )[-+])?"
    rf"(?:US)?[{CURRENCIES}]?[-+]?(?P<number>{UNSIGNED})"
    rf"(?:\s?%|\s?\^\s?\{{?\\circ\}}?|{_ATTACHED}"
    r"|(?P<unit>(?:\s[a-zA-Z]+(?:\^\{?[23]\}?)?){1,3})?)"
    r"(?![a-zA-Z0-9_^\\({])(?![.,][0-9])"
)
_OPERATOR_BEFORE = re.compile(
    r"(?:[+*/^<>]|[\w)}\]]\s*-|\\(?:times|cdot|div|pm|sqrt|frac|pi)|[a-zA-Z]\()\s*$"
)
_OPERATOR_AFTER = re.compile(
    r"\s*(?:[+*/^<>](?=\s*[\w(\\{$-])|-\s*(?:[0-9(\\]|[a-zA-Z](?![a-zA-Z]))|\\(?:times|cdot|div|pm|sqrt|frac|pi)(?![a-z]))"
)
_ALTERNATIVE = re.compile(
    r"(?<![a-z])(?:or|nor|maybe|perhaps|possibly|probably|alternatively|either|otherwise|might"
    r"|could|oder|no|wait|actually|rather|hmm|sorry|correction|i mean)(?![a-z])(?! than| of)"
    r"|或|也许|可能|还是"
)
_JOINED = re.compile(
    r"[\s,;/|&~?()*=-]*(?:and|to|through)?[\s,;/|&~?()*=-]*|[和与到至]", re.IGNORECASE
)
_EXPLAINS = re.compile(r"\b(?:because|since|which|where|so|than|instead|not|from|of)\b")
_WINDOW = 80
_BOUND_BEFORE = re.compile(
    r"\b(?:at (?:least|most)|(?:more|less|fewer|greater) than|under|over|above|below|up to|almost"
    r"|nearly|an? (?:min|max)imum of)\s+$",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    r"\s*(?:[a-z]+\s+)?or\s+(?:more|less|fewer|greater|higher|lower|above|below)\b", re.IGNORECASE
)
_OPENS_ANOTHER = re.compile(
    r"[\W_]*(?:[a-z%^]+[\W_]+){0,2}?(or|maybe|perhaps|possibly|alternatively(?!,?\s+(?:we|you|one)\s+"
    r"(?:can|could|may|might)\s+(?!say|answer|get|have|take|write)[a-z])|otherwise|oder|no"
    r"|wait|actually|hmm|rather|或者?|也许|可能)(?![a-z])(?P<rest>.*)|[\s$]*[/|&](?P<other>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CORRECTS = re.compile(  # "42. No wait, it is 41."
    r"[\W_]*(?:[a-z%^]{1,12}[.!…]+[\W_]*)?(?:but\W+)?("
    r"(?:no|oh|oops|hmm+|well)[\W_]+(?:it(?:'s|\sis)|wait|actually|sorry|hmm+|that(?:'s|\sis)|(?=[\d$]))"
    r"|wait|actually|sorry|correction|oops|hmm+|scratch that|i mean|i meant|on second thoughts?"
    r"|my mistake|等等|不对|不，)(?![a-z])(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CLOSES_ANOTHER = re.compile(
    r"(?:or|oder|或者?)[\W_]*(?:maybe|perhaps|possibly|even|rather)?[\W_]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in a text: its place, its characters with unit, its value."""

    start: int
    end: int
    text: str
    quantity: Quantity


def find_mentions(
    text: str, with_denied: bool = False, may_be: Callable[[str], bool] = bool
) -> list[Mention]:
    """Numbers of a text that are neither operands (``5`` and ``4`` in ``5 * 4``) nor denied.

    Args:
        text: A text that `rewards.answers.plain.clean` made.
        with_denied: Whether those that are denied ("not 42") count too.
        may_be: Which numbers are asked for, told by their characters and up to three words behind.
    """
    matches = (match for match in _MENTION.finditer(text) if may_be(match[0]))
    found = (_mention(text, match) for match in matches)
    return [m for m in found if m is not None and (with_denied or not denied(text, m))]


def mention_at(text: str, position: int) -> Mention | None:
    """The number that begins at a place of a clean text, denied or not, if it is no operand."""
    match = _MENTION.match(text, position)
    return _mention(text, match) if match else None


def denied(text: str, mention: Mention) -> bool:
    """Whether the words around a number of a clean text deny it."""
    before = text[max(0, mention.start - 80) : mention.start]
    return is_denied(before, text[mention.end : mention.end + 80])


def _mention(text: str, match: re.Match[str]) -> Mention | None:
    end = match.start("unit") if match["unit"] else match.end()
    if _OPERATOR_BEFORE.search(text, max(0, match.start() - 8), match.start()):
        return None
    if _OPERATOR_AFTER.match(text, end):
        return None
    if match["unit"]:
        end += _unit_length(match["unit"])
    quantity = read_quantity(text[match.start() : end])
    return Mention(match.start(), end, text[match.start() : end], quantity) if quantity else None


def _unit_length(words: str) -> int:
    """Characters of the known unit that begins some words, 0 if none does."""
    length, unit = 0, None
    for end in [m.end() for m in re.finditer(r"\S+", words)]:
        longer = read_unit(words[:end]) if words[:end] != " in" or end == len(words) else None
        if longer is not None and longer.dimension not in (LABEL, "units") and longer != unit:
            length, unit = end, longer
    return length


def is_hedged(text: str, mentions: list[Mention], committed: int) -> bool:
    """Whether a sentence gives a bound, or another number as well as the one it ends in.

    Args:
        text: The clean sentence.
        mentions: Its numbers.
        committed: Index of the one in question.
    """
    own = mentions[committed]
    for place, mention in enumerate(mentions):
        if not same_quantity(mention.quantity, own.quantity):
            continue
        if _BOUND_BEFORE.search(text, max(0, mention.start - 20), mention.start):
            return True
        if _BOUND_AFTER.match(text, mention.end):
            return True
        neighbours = (*mentions[max(0, place - 1) : place], *mentions[place + 1 : place + 2])
        if any(_is_alternative(text, mention, other) for other in neighbours):
            return True
    return False


def opens_another(text: str) -> bool:
    """Whether a sentence offers what it names as one of several: ``or 20``, ``maybe 20``."""
    return _ALTERNATIVE.search(text.casefold()) is not None


def _first_number(text: str) -> Quantity | None:
    """The first number of a text; a word for one only if the text begins with it."""
    mentions = find_mentions(text)
    word = re.match(r"\W*([a-z-]+)", text, re.IGNORECASE)
    in_words = read_quantity(word[1]) if word else None
    return in_words or (mentions[0].quantity if mentions else None)


def _is_alternative(text: str, one: Mention, other: Mention) -> bool:
    """Whether the words between two numbers of a sentence offer both for the same thing."""
    if same_quantity(one.quantity, other.quantity):
        return False
    first, second = sorted((one, other), key=lambda m: m.start)
    between = text[first.end : second.start].casefold()
    if _JOINED.fullmatch(between):
        return True
    near = len(between) <= _WINDOW and not _EXPLAINS.search(between)
    return near and _ALTERNATIVE.search(between) is not None


def hedged_around(before: str, value: str, after: str) -> bool:
    """Whether the words right before or behind an answer name another number instead.

    Args:
        before: Clean text before the answer.
        value: The answer.
        after: Clean text behind it.
    """
    given = read_quantity(value)
    if given is None:
        return False
    near = after[:_WINDOW].split("\n\n", 1)[0]
    opened = _OPENS_ANOTHER.match(near) or _CORRECTS.match(near)
    if opened:
        words = re.sub(r"[\W_]*(?:or|maybe|perhaps|possibly)[\W_]*$", "", after[: opened.end(1)])
        with_unit = read_quantity(f"{value} {words.strip()}") or given
        groups = opened.groupdict()
        other = _first_number(groups["rest"] or groups.get("other") or "")
        if other and not any(same_quantity(other, quantity) for quantity in (given, with_unit)):
            return True
    tail = before[-_WINDOW:]
    if _CLOSES_ANOTHER.search(tail):
        others = find_mentions(tail)
        return bool(others) and not same_quantity(others[-1].quantity, given)
    return False
