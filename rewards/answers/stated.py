r"""Which values a step states, and which step states the answer first.

A step *states* a value that it gives as a result: behind an equals sign or arrow, in a
``\boxed{}``, behind words such as "gives", "should be" or "the answer is", or before "as the
answer". Operands of an expression and numbers that merely occur are not stated, so repeating the
question is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial

from rewards.answers.extract import stated_options
from rewards.answers.marks import boxed_contents
from rewards.answers.match import answers_match
from rewards.answers.mentions import Mention, denied, find_mentions, mention_at
from rewards.answers.options import read_option, reference_option
from rewards.answers.plain import clean
from rewards.answers.quantities import Quantity, read_quantity, same_quantity
from tagger.letter_case import lower_case, where_words_begin
from tagger.steps import Step

_RESULT_WORDS = (
    "is", "be", "gives?", "gets?", "got", "makes?", "equals?", "leaves?", "yields?", "becomes?",
    "obtain", "therefore", "thus", "hence", "giving", "yielding", "leaving", "making",
    "totall?ing", "totals", "results? in", "resulting in", "comes? (?:out )?to",
    "adds? up (?:out )?to", "amounts? (?:out )?to", "ends? up with", r"leaves? \w+ with",
    "left with", r"answer\s*:?", r"total\s*:?", r"sum\s*:?", r"result\s*:?", r"value\s*:?",
)  # fmt: skip
_RESULT = re.compile(
    r"(?:=(?<![<>!]=)|\\approx|\\to(?![a-z])|等于|答案[是为:]?|得到?|共[有计]?|是"
    rf"|{where_words_begin(_RESULT_WORDS, end='(?![a-z])')})"
    r"[\s,($]*(?:(?:of|that|exactly|again|now|us|indeed|only|just|about|approximately|equal to"
    r"|a total of|simply|still|also)[\s($]+)?(?=[-+us$€£¥₹]{0,4}\.?[0-9])"
)
_AS_ANSWER = re.compile(r"\s+(?:as|is|looks|holds|for)\b[^.\n]*")
_AS_ANSWER_WORDS = re.compile(
    where_words_begin(("answer", "result", "right", "correct", "holds", "total"), end=r"\b")
)
_EXPRESSION = re.compile(
    r"(?:(?<![<>!\\])=|\\to(?![a-z])|\b(?:answer|be)\b\s*"
    r"(?:is|:|(?:should|must|would|will|has to) be)?|答案[是为:])\s*((?:[^=\n.;]|\.(?=\w))+)",
    re.IGNORECASE,
)


STATED_WITHIN = 20_000
"""Longer steps are searched for the answer in this many characters at either end only."""

_LONGEST_NUMBER = 200
"""Characters in which a number is written, its unit among them."""

_CALLS_ONE = (
    "answer", "option", "choice", "letter", "choose", "correct", "right", "best", "pick", "select",
    "go with", "####", "答案", "选",
)  # fmt: skip
_LETTER_ALONE = r"(?:(?<![a-z])|(?<=option|choice|answer|letter)){}(?![a-z])"
# How a whole number may be written without its own digits, in a raw text in lower case …
_MULTIPLIERS = ("%", "percent", "pct", "dozen", "illion", "thousand", "overline")
_OTHERWISE = re.compile(
    r"[0-9](?:[^0-9]{0,12}/|e[-+0-9]|(?<=0)(?:\W{0,6}\^|\s?\*\*))|frac[^a-z0-9\\]{0,9}[0-9\\]"
)
_OTHERWISE_SIGNS, _POWER = ("/", "^", "**", "frac"), re.compile("[0-9]e[-+0-9]")  # in it; the rest
_OTHERWISE_SIGN = re.compile(r"[½¼¾⅓-⅞⁰¹²³⁴-⁹⁄∕÷！-～万亿]")
# … and in a clean one.
_OTHERWISE_CLEAN = re.compile(
    r"[0-9]\s?/|10\s?(?:\^|\*\*)|[0-9][eE][-+0-9]|[%万亿]|(?i:percent|pct|per-cent|dozen)|illion"
    r"|thousand|overline"
)


def stated_values(text: str) -> list[str]:
    """Numbers a step gives as results, in order of appearance.

    Args:
        text: The step's characters.

    Returns:
        The numbers as written, cleaned of separators; boxed contents are included whatever
        they are.
    """
    return [mention.text for mention in _stated(clean(text))] + boxed_contents(text)


def states(text: str, reference: str) -> bool:
    """Whether a step states a value equivalent to the reference.

    Args:
        text: The step's characters.
        reference: The correct answer; if it is no number, right-hand sides and what follows
            "answer" are compared with it as text.
    """
    if any(answers_match(content, reference) for content in boxed_contents(text)):
        return True
    wanted = _wanted(reference)
    if wanted is not None:
        if not _may_hold(text, wanted):
            return False
        cleaned = clean(text)
        if not _may_hold_clean(cleaned, wanted):
            return False
        # Numbers are read where they may be the one, and whether one is denied is asked last.
        given = _each_stated(cleaned, partial(_may_hold_clean, wanted=wanted))
        return any(same_quantity(m.quantity, wanted) and not denied(cleaned, m) for m in given)
    option = reference_option(reference)
    if option is not None:
        if not _may_name(text.lower(), option.letter):
            return False
        named = (read_option(stated) for stated in stated_options(text))
        return any(one is not None and one.letter == option.letter for one in named)
    behind = (match[1].strip(" *_`$") for match in _EXPRESSION.finditer(text))
    return any(answers_match(one, reference, symbolic=False) for one in behind)


def find_answer_step(steps: Sequence[Step], reference: str) -> int:
    """First step that states a value equivalent to the reference answer.

    An intermediate result that happens to equal the reference counts, as the definition has it.

    Args:
        steps: The steps of one trace; of very long ones (`STATED_WITHIN`) only the ends are read.
        reference: The correct answer.

    Returns:
        Its index, or -1 if no step does.
    """
    if not reference.strip():
        return -1
    return next((i for i, step in enumerate(steps) if states(_ends(step.text), reference)), -1)


def _ends(text: str) -> str:
    """A step's text, or the two ends of one of a megabyte."""
    if len(text) <= 2 * STATED_WITHIN:
        return text
    return f"{text[:STATED_WITHIN]}\n{text[-STATED_WITHIN:]}"


@lru_cache(maxsize=1024)
def _wanted(reference: str) -> Quantity | None:
    """A reference as a quantity, read once and not again for every step of its trace."""
    return read_quantity(reference, variables=True)


def _may_hold(text: str, wanted: Quantity) -> bool:
    """Whether a text may hold a number, seen fast: most steps hold none of its digits.

    A whole number without a unit is written with its own last digits, unless as a fraction, a
    percentage, a power of ten, in another script or with a unit that multiplies.
    """
    if wanted.unit is not None or wanted.value.denominator != 1:
        return True
    digits = str(abs(wanted.value.numerator))
    # Thousands may be apart: 12,345.
    if _holds_digits(text, digits[-3:], alone=len(digits) <= 3):
        return True
    low = text.lower()
    if any(map(low.__contains__, _MULTIPLIERS)):
        return True
    if any(map(low.__contains__, _OTHERWISE_SIGNS)):
        if _OTHERWISE.search(low):
            return True
    elif _POWER.search(low):
        return True
    return not text.isascii() and _OTHERWISE_SIGN.search(text) is not None


def _may_hold_clean(cleaned: str, wanted: Quantity) -> bool:
    """As `_may_hold`, for a clean text: it has one way to write most numbers, so less passes."""
    if wanted.unit is not None or wanted.value.denominator != 1:
        return True
    written = _holds_digits(cleaned, str(abs(wanted.value.numerator)), alone=True)
    return written or _OTHERWISE_CLEAN.search(cleaned) is not None


def _holds_digits(text: str, digits: str, alone: bool) -> bool:
    """Whether some digits end a number of a text; alone: with nothing but zeros before them."""
    return _digits(digits, alone).search(text) is not None


@lru_cache(maxsize=1024)
def _digits(digits: str, alone: bool) -> re.Pattern[str]:
    before = f"(?<![1-9]{digits})" if alone else ""
    return re.compile(f"{digits}{before}(?![0-9])")


def _may_name(low: str, letter: str) -> bool:
    """Whether a lower-case text may call an option the answer, seen fast."""
    if not any(word in low for word in _CALLS_ONE):
        return False
    return not low.isascii() or _letter_alone(letter).search(low) is not None


@lru_cache
def _letter_alone(letter: str) -> re.Pattern[str]:
    """A letter that begins or ends no word of a lower-case text."""
    return re.compile(_LETTER_ALONE.format(letter.lower()))


def _stated(cleaned: str) -> list[Mention]:
    """Numbers that a clean text gives as results, in order."""
    found = {m.start: m for m in _each_stated(cleaned) if not denied(cleaned, m)}
    return [found[start] for start in sorted(found)]


def _each_stated(cleaned: str, may_be: Callable[[str], bool] = bool) -> Iterator[Mention]:
    """Numbers that a clean text gives as results or denies, in no order, some twice.

    Args:
        cleaned: The text.
        may_be: Whether a number may be one that is looked for, told by text that begins with it.
    """
    low = lower_case(cleaned)
    for match in _RESULT.finditer(low):
        at = match.end()
        if may_be(cleaned[at : at + _LONGEST_NUMBER]) and (found := mention_at(cleaned, at)):
            yield found
    if _AS_ANSWER_WORDS.search(low):
        for mention in find_mentions(cleaned, with_denied=True, may_be=may_be):
            after = _AS_ANSWER.match(low, mention.end)
            if after is not None and _AS_ANSWER_WORDS.search(after[0]):
                yield mention
