r"""Whether two answers mean the same.

What decides, in this order: numbers with their units, times of day, letters of options, the text,
the parts of lists, pairs, sets and intervals, the value of an equation, and last math-verify.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from rewards.answers.inequalities import rising_chain
from rewards.answers.options import read_option, reference_option
from rewards.answers.plain import plain
from rewards.answers.quantities import Quantity, read_quantity, read_time, same_quantity, same_time
from rewards.answers.relations import Claim, named_values, read_claims
from rewards.answers.sequences import Sequence, read_sequence
from rewards.answers.symbolic import equivalent
from rewards.answers.units import is_measure, read_unit, same_unit
from rewards.answers.wordings.fixed import fixed_wording
from rewards.answers.wordings.number_words import rank_in_words

MAX_ANSWER = 2000
"""Longer answers are compared as text."""
_SYMBOLIC_ITEMS = 8  # longer lists are compared item by item as numbers and text alone
_UNLIKE_ITEMS = 40  # of longer lists, so many may be written in another way
_ORDINAL = re.compile(r"(?<=\d)\s?(?:st|nd|rd|th)\b", re.IGNORECASE)
_BRACED_ONE = re.compile(r"([_^])\{(\w)\}")
_WITHOUT_BASE = re.compile(r"(?<=\w)_\{?\d+\}?$")  # 110 for 110_2: what base is asked for is known
_SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_MEMBER = re.compile(r"^\s*[a-zA-Z]\w?\s*\\in(?![a-z])\s*")
_OF_WHOLE = re.compile(  # ", k \in \mathbb{Z}" behind a general solution
    r"\s*(?:,|\\quad|\(|where|for)[\s\\,]*(?:where\s+|for\s+)?[kmn]\s*\\in\s*\\mathbb\s*\{?Z\}?\)?[\s.$]*$"
)
_LAST_SYMBOL = re.compile(r"\d[ \d}]*([A-Za-z]{2,3})$")
_BY_CASE = ("W", "Hz", "J", "Pa", "V", "A", "N", "eV")  # of which milli and mega are both in use
_CASED = frozenset(["nm", "Nm", *(prefix + unit for prefix in "mM" for unit in _BY_CASE)])
_UNIT_WORDS = re.compile(r"(?:\s+[a-zA-Z]{2,}\.?(?:\s*\^\s?\{?[23]\}?)?){1,4}$")
_LETTER_IN_TEXT = re.compile(  # \text{ m}^2, where a bare m would be a variable
    r"\\(?:text|textrm|mathrm|mbox)\s*\{[~\s]*([a-zA-Z]\s*\}(?:\^\{?[23]\}?)?)$"
)


def answers_match(answer: str, reference: str, symbolic: bool = True) -> bool:
    """Say whether two answers mean the same.

    Numbers are compared exactly; where only one side has a percent sign, 50 % equals both 50 and
    0.5. A unit that only one side has is ignored, other units must be of one kind and are
    converted. Expressions are compared by math-verify, which is asked only about what it cannot
    hang on: towers of powers, factorials and very long texts are compared as text alone.

    Args:
        answer: The extracted answer, and nothing but it: ``"19 or 20"`` is not 20.
        reference: The correct answer.
        symbolic: Whether math-verify may be asked.

    Returns:
        Whether they are equivalent; False for an empty answer.
    """
    if not answer.strip():
        return False
    if max(len(answer), len(reference)) > MAX_ANSWER:
        return folded(answer) == folded(reference)
    return _match(answer, reference, symbolic)


def _match(answer: str, reference: str, symbolic: bool) -> bool:
    given, wanted = _number(answer), _number(reference, variables=True)
    if given is not None and wanted is None and is_measure(given.unit):
        measured = _number(reference)  # 2m are two metres where the answer has a unit, too
        wanted = measured if measured is not None and is_measure(measured.unit) else None
    if given is not None and wanted is not None:
        return same_quantity(given, wanted) and not _other_symbols(answer, reference)
    if (at := read_time(answer)) is not None and (due := read_time(reference)) is not None:
        return same_time(at, due)
    if (option := reference_option(reference)) is not None:
        chosen = read_option(answer)
        if chosen is not None:
            text = chosen.text if option.text else ""
            return chosen.letter == option.letter and (not text or _match(text, option.text, False))
        if option.text and _match(answer, option.text, symbolic):
            return True
    text, due_text = _folded(answer), _folded(reference)
    if text == due_text or text == _WITHOUT_BASE.sub("", due_text):
        return not _other_symbols(answer, reference)
    return _match_parts(answer, reference, symbolic)


def _other_symbols(one: str, other: str) -> bool:
    """Whether two texts that differ in case alone end in units that do, too: mW and MW."""
    found = [_LAST_SYMBOL.search(plain(text).rstrip(" .")) for text in (one, other)]
    symbols = {match[1] for match in found if match}
    return len(symbols) == 2 and symbols <= _CASED


def _number(text: str, variables: bool = False) -> Quantity | None:
    """A number with its unit, or its rank in words: ``third`` is 3."""
    quantity = read_quantity(text, variables)
    if quantity is not None or len(text) > 60:
        return quantity
    rank = rank_in_words(plain(text).strip(" ."))
    return None if rank is None else Quantity(Fraction(rank))


def _match_parts(answer: str, reference: str, symbolic: bool) -> bool:
    """Lists, equations and expressions, neither of which is a number, time or option."""
    one, other = rising_chain(answer), rising_chain(reference)
    if bool(_OF_WHOLE.search(one)) != bool(_OF_WHOLE.search(other)):
        one, other = _OF_WHOLE.sub("", one), _OF_WHOLE.sub("", other)
    if (one, other) != (answer, reference):
        return _match(one, other, symbolic)
    if (same := _same_named(answer, reference, symbolic)) is not None:
        return same
    items, due = _parts_of_both(answer, reference)
    if items is not None and due is None and (items.is_one or _says_twice(items, answer)):
        return all(_match(item, reference, symbolic) for item in items.items)
    if items is None and due is not None and due.is_one:
        return _match(answer, due.items[0], symbolic)
    if items is not None and due is not None:
        if items.union != due.union:
            items, due = _united(items, answer), _united(due, reference)
        return _same_items(items, due, symbolic)
    claimed, wanted = _claims_of(answer), _claims_of(reference, unknowns=True)
    equations = [claimed != (Claim(answer),), wanted != (Claim(reference),)]
    if (items or due) is not None and not _has_order_sign(answer + reference):
        named = equations[0] if items is None else equations[1]  # S = {1, 2}; (x, y) = (1, 2)
        return named and any(_claims(c, w, symbolic) for c in claimed for w in wanted)
    if any(equations) and any(_claims(c, w, symbolic) for c in claimed for w in wanted):
        return True
    equates = equations[1] or _claims_of(reference) != wanted  # 2x + y = 5 claims nothing else
    return symbolic and equations[0] == equates and _same_expression(answer, reference)


def _says_twice(parts: Sequence, text: str) -> bool:
    """Whether parts may be one value in several spellings: ``1/2 or 0.5``."""
    return not parts.opening and " or " in plain(text) and "," not in text


def _same_named(answer: str, reference: str, symbolic: bool) -> bool | None:
    """Whether values by name agree: ``x = 1, y = 2`` with ``(x, y) = (1, 2)`` and ``(1, 2)``.

    Without names on the other side a pair stands for them in the order of the alphabet; two values
    of one name are no pair. None where names do not decide.
    """
    given, due = named_values(answer), named_values(reference)
    if given == {}:
        pair = _parts(reference)
        return False if pair is not None and pair.ordered else None
    if given is None or (due is not None and set(given) != set(due)):
        return None
    if due is not None:
        return all(_match(given[name], due[name], symbolic) for name in due)
    pair = _parts(reference)
    if (
        pair is None
        or pair.opening != "("
        or len(pair.items) != len(given)
        or "=(" in folded(answer)
    ):
        return None
    values = [given[name] for name in sorted(given)]
    return all(_match(a, b, symbolic) for a, b in zip(values, pair.items, strict=True))


@lru_cache(maxsize=1024)
def _parts(text: str, grouped: bool = True) -> Sequence | None:
    return read_sequence(_MEMBER.sub("", plain(text)), grouped)


def _parts_of_both(answer: str, reference: str) -> tuple[Sequence | None, Sequence | None]:
    """The parts of two texts; ``200,100`` are two numbers if the other side has two parts."""
    items, due = _parts(answer), _parts(reference)
    if _count(items) == _count(due):
        return items, due
    items_apart, due_apart = _parts(answer, False), _parts(reference, False)
    for one, other in ((items_apart, due), (items, due_apart), (items_apart, due_apart)):
        if _count(one) == _count(other) > 1:
            return one, other
    return items, due


def _united(parts: Sequence, text: str) -> Sequence:
    """``x < 1 or x > 2`` as the union that it describes; anything else as it is."""
    apart = all(map(_has_order_sign, parts.items)) or all(map(_is_interval, parts.items))
    alternatives = apart and " and " not in plain(text)
    return replace(parts, union=True) if alternatives and not parts.opening else parts


def _count(parts: Sequence | None) -> int:
    return 0 if parts is None else len(parts.items)


@lru_cache(maxsize=1024)
def _claims_of(text: str, unknowns: bool = False) -> tuple[Claim, ...]:
    return tuple(read_claims(text, unknowns))


def _claims(claim: Claim, wanted: Claim, symbolic: bool) -> bool:
    """Whether a claim is what is wanted; names differ only where one side has none."""
    named = claim.name and wanted.name
    if named and folded(claim.name) != folded(wanted.name):
        return False
    if wanted.name and wanted.name in claim.about:
        return False  # x + y = 2 does not say that x is 2
    return _match(claim.value, wanted.value, symbolic)


def _same_expression(answer: str, reference: str) -> bool:
    """By math-verify, units apart."""
    (given, unit), (wanted, due) = _unit_apart(answer), _unit_apart(reference)
    factor = same_unit(read_unit(unit), read_unit(due)) if unit and due else 1
    return factor == 1 and equivalent(given, wanted)


def _unit_apart(text: str) -> tuple[str, str]:
    """An expression and the unit written behind it; empty if there is none."""
    bare = text.strip(" $.")
    if (letter := _LETTER_IN_TEXT.search(bare)) and letter.start():
        unit = letter[1].replace("}", " ", 1)
        return (bare[: letter.start()], unit) if read_unit(unit) is not None else (text, "")
    flat = plain(text).strip().rstrip(" .")
    match = _UNIT_WORDS.search(flat, max(0, len(flat) - 60))
    if match is None or not match.start() or read_unit(match[0]) is None:
        return text, ""
    return flat[: match.start()], match[0]


def _same_items(given: Sequence, wanted: Sequence, symbolic: bool) -> bool:
    if len(given.items) != len(wanted.items) or not given.fits(wanted):
        return False
    symbolic = symbolic and len(wanted.items) <= _SYMBOLIC_ITEMS
    if wanted.ordered or given.ordered:
        pairs = zip(given.items, wanted.items, strict=True)
        return all(_match(one, other, symbolic) for one, other in pairs)
    left, texts = list(given.items), [folded(item) for item in given.items]
    missing = []
    for item in wanted.items:
        if (text := folded(item)) in texts:
            place = texts.index(text)
            del left[place], texts[place]
        else:
            missing.append(item)
    if len(missing) > _UNLIKE_ITEMS:
        return False
    for item in missing:
        found = next((i for i, one in enumerate(left) if _match(one, item, symbolic)), None)
        if found is None:
            return False
        del left[found]
    return True


def _has_order_sign(text: str) -> bool:
    return any(sign in text for sign in ("<", ">", "\\le", "\\ge", "≤", "≥"))


def _is_interval(text: str) -> bool:
    r"""Whether a text is an interval and no pair: by a square bracket, or by an infinite end."""
    parts = read_sequence(text)
    if parts is None or parts.opening not in ("(", "[") or len(parts.items) != 2:
        return False
    return "[" in text[:1] or "]" in text[-1:] or "\\infty" in text


def folded(text: str) -> str:
    """A text without what changes no meaning: case, white space, quotes, a final full stop."""
    text = fixed_wording(_unquoted(plain(text)))
    text = _BRACED_ONE.sub(r"\1\2", _ORDINAL.sub("", text))
    return _SPACE.sub("", _unquoted(text)).replace("\n", " ").casefold()


def _unquoted(text: str) -> str:
    """A text without quotes around it and marks behind it; ``x'`` stays."""
    text = text.strip(" \n\t`*").rstrip(".,; ")
    for _ in range(3):
        if len(text) < 2 or text[0] != text[-1] or text[0] not in "\"'":
            break
        text = text[1:-1].strip().rstrip(".,; ")
    return text.lstrip("\"'")


# One reference is compared with hundreds of texts of its trace; none is longer than MAX_ANSWER.
_folded = lru_cache(maxsize=1024)(folded)
