r"""Whether two answers mean the same.

What decides, in this order: numbers with their units, times of day, letters of options, the text,
the parts of lists, pairs, sets and intervals, the value of an equation, and last math-verify.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from rewards.answers.options import read_option, reference_option
from rewards.answers.plain import plain
from rewards.answers.quantities import read_quantity, read_time, same_quantity, same_time
from rewards.answers.relations import Claim, read_claims
from rewards.answers.sequences import Sequence, read_sequence
from rewards.answers.symbolic import equivalent
from rewards.answers.units import read_unit, same_unit

MAX_ANSWER = 2000
"""Longer answers are compared as text."""
_SYMBOLIC_ITEMS = 8  # longer lists are compared item by item as numbers and text alone
_UNLIKE_ITEMS = 40  # of longer lists, so many may be written in another way
_ORDINAL = re.compile(r"(?<=\d)\s?(?:st|nd|rd|th)\b", re.IGNORECASE)
_BRACED_ONE = re.compile(r"([_^])\{(\w)\}")
_WITHOUT_BASE = re.compile(r"(?<=\w)_\{?\d+\}?$")  # 110 for 110_2: what base is asked for is known
_SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_MEMBER = re.compile(r"^\s*[a-zA-Z]\w?\s*\\in(?![a-z])\s*")
_INFINITE = re.compile(r"\\infty(?![a-z])|(?<![a-zA-Z\\])(?:oo|inf)(?![a-zA-Z])")
_NO_SOLUTION = re.compile(
    r"^\s*(?:there (?:is|are|exists?)|(?:the )?(?:equation|system|problem)s? (?:has|have))?\s*"
    r"no (real |integer )?solutions?(?: exists?)?(?=\W*$)",
    re.IGNORECASE,
)
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
    given, wanted = read_quantity(answer), read_quantity(reference, variables=True)
    if given is not None and wanted is not None:
        return same_quantity(given, wanted)
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
        return True
    return _match_parts(answer, reference, symbolic)


def _match_parts(answer: str, reference: str, symbolic: bool) -> bool:
    """Lists, equations and expressions, neither of which is a number, time or option."""
    items, due = _parts_of_both(answer, reference)
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
    return symbolic and equations[0] == equations[1] and _same_expression(answer, reference)


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
    alternatives = all(map(_has_order_sign, parts.items)) and " and " not in plain(text)
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


def folded(text: str) -> str:
    """A text without what changes no meaning: case, white space, quotes, a final full stop."""
    text = _ORDINAL.sub("", _BRACED_ONE.sub(r"\1\2", plain(text).strip()))
    text = _NO_SOLUTION.sub(r"no \1solution", _INFINITE.sub("infinity", text))
    return _SPACE.sub("", text.strip(" \n\t\"'`*").rstrip(".,; \"'")).replace("\n", " ").casefold()


# One reference is compared with hundreds of texts of its trace; none is longer than MAX_ANSWER.
_folded = lru_cache(maxsize=1024)(folded)
