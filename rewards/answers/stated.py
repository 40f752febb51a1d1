r"""Which values a step states, and which step states the answer first.

A step *states* a value that it gives as a result: behind an equals sign or arrow, in a
``\boxed{}``, behind words such as "gives", "should be" or "the answer is", or before "as the
answer". Operands of an expression and numbers that merely occur are not stated, so repeating the
question is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rewards.answers.extract import stated_options
from rewards.answers.marks import boxed_contents
from rewards.answers.match import answers_match
from rewards.answers.mentions import Mention, find_mentions, mention_at
from rewards.answers.options import read_option, reference_option
from rewards.answers.plain import clean
from rewards.answers.quantities import Quantity, read_quantity, same_quantity
from tagger.steps import Step

_RESULT = re.compile(
    r"(?:(?<![<>!])=|\\approx|\\to(?![a-z])|等于|答案[是为:]?|得到?|共[有计]?|是"
    r"|\b(?:is|be|gives?|gets?|got|makes?|equals?|leaves?|yields?|becomes?|obtain|therefore|thus"
    r"|hence|giving|yielding|leaving|making|totall?ing|totals|results? in|resulting in"
    r"|(?:comes?|adds? up|amounts?) (?:out )?to|(?:ends? up|leaves? \w+|left) with"
    r"|(?:answer|total|sum|result|value)\s*:?)(?![a-z]))"
    r"[\s,($]*(?:(?:of|that|exactly|again|now|us|indeed|only|just|about|approximately|equal to"
    r"|a total of|simply|still|also)[\s($]+)?(?=[-+USus$€£¥₹]{0,4}\.?[0-9])",
    re.IGNORECASE,
)
_AS_ANSWER = re.compile(r"\s+(?:as|is|looks|holds|for)\b[^.\n]*", re.IGNORECASE)
_AS_ANSWER_WORDS = re.compile(r"\b(?:answer|result|right|correct|holds|total)\b", re.IGNORECASE)
_EXPRESSION = re.compile(
    r"(?:(?<![<>!\\])=|\\to(?![a-z])|\b(?:answer|be)\b\s*"
    r"(?:is|:|(?:should|must|would|will|has to) be)?|答案[是为:])\s*((?:[^=\n.;]|\.(?=\w))+)",
    re.IGNORECASE,
)


_CALLS_ONE = re.compile(
    r"answer|option|choice|letter|choose|correct|right|best|pick|select|go with|####|答案|选",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"[/%^½¼¾⅓-⅞⁰¹²³⁄０-９]|frac|percent|pct|dozen|illion|thousand|overline|[0-9]e|万|亿",
    re.IGNORECASE,
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
        return any(same_quantity(m.quantity, wanted) for m in _stated(clean(text)))
    option = reference_option(reference)
    if option is not None:
        if not _CALLS_ONE.search(text):
            return False
        named = (read_option(stated) for stated in stated_options(text))
        return any(one is not None and one.letter == option.letter for one in named)
    behind = (match[1].strip(" *_`$") for match in _EXPRESSION.finditer(text))
    return any(answers_match(one, reference, symbolic=False) for one in behind)


def find_answer_step(steps: Sequence[Step], reference: str) -> int:
    """First step that states a value equivalent to the reference answer.

    An intermediate result that happens to equal the reference counts, as the definition has it.

    Args:
        steps: The steps of one trace.
        reference: The correct answer.

    Returns:
        Its index, or -1 if no step does.
    """
    return next((i for i, step in enumerate(steps) if states(step.text, reference)), -1)


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
    digits = str(abs(wanted.value.numerator))[-3:]
    return digits in text or _OTHERWISE.search(text) is not None


def _stated(cleaned: str) -> list[Mention]:
    """Numbers that a clean text gives as results, in order."""
    found = {}
    for match in _RESULT.finditer(cleaned):
        if (mention := mention_at(cleaned, match.end())) is not None:
            found[mention.start] = mention
    if _AS_ANSWER_WORDS.search(cleaned):
        for mention in find_mentions(cleaned):
            after = _AS_ANSWER.match(cleaned, mention.end)
            if after and _AS_ANSWER_WORDS.search(after[0]):
                found[mention.start] = mention
    return [found[start] for start in sorted(found)]
