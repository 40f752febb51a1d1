r"""Which values a step states, and which step states the answer first.

A step *states* a value that it gives as a result: behind an equals sign, in a ``\boxed{}``, behind
words such as "gives" or "the answer is", or before "as the answer". Operands of an expression and
numbers that merely occur are not stated, so repeating the question is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rewards.answers.match import answers_match, boxed_contents
from rewards.answers.numbers import clean, exact_value
from tagger.steps import Step

_VALUE = r"\(?\$?([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:\s*/\s*\d+)?)(?![\w])(?!\.\d)"
_NO_OPERATOR = r"(?!\s*(?:[-+*/^×·÷=]\s*[\w(\\]|\\(?:times|cdot|div)))"
_RESULT_WORDS = (
    r"(?:=|≈|\b(?:is|gives?|gets?|got|makes?|equals?|leaves?|yields?|becomes?|obtain|therefore"
    r"|thus|hence|(?:answer|total|sum|result|value)\s*:?)(?![\w]))"
)
_STATED = re.compile(
    rf"{_RESULT_WORDS}\s*(?:of|that|exactly|again|now|us)?\s*{_VALUE}{_NO_OPERATOR}", re.I
)
_AS_ANSWER = re.compile(rf"(?<![\w.]){_VALUE}\s+(?:as|is|looks|holds|for)\b[^.\n]*", re.I)
_AS_ANSWER_WORDS = re.compile(r"\b(?:answer|result|right|correct|holds|total)\b", re.I)
_EXPRESSION = re.compile(r"(?:=|\banswer\b\s*(?:is|:)?)\s*([^=\n.;]+)", re.I)


def stated_values(text: str) -> list[str]:
    """Numbers a step gives as results, in order of appearance.

    Args:
        text: The step's characters.

    Returns:
        The numbers as written, cleaned of separators; boxed contents are included whatever
        they are.
    """
    plain = clean(text)
    found = [(m.start(1), m[1]) for m in _STATED.finditer(plain)]
    for match in _AS_ANSWER.finditer(plain):
        if _AS_ANSWER_WORDS.search(match[0]):
            found.append((match.start(1), match[1]))
    ordered = [value for _, value in sorted(set(found))]
    return ordered + boxed_contents(text)


def states(text: str, reference: str) -> bool:
    """Whether a step states a value equivalent to the reference.

    Args:
        text: The step's characters.
        reference: The right answer; if it is no number, right-hand sides and what follows
            "answer" are compared with it as text.
    """
    value = exact_value(reference)
    if value is not None:
        return any(exact_value(v) == value for v in stated_values(text))
    if any(answers_match(content, reference) for content in boxed_contents(text)):
        return True
    wanted = _plain(reference)
    return any(_plain(m[1]) == wanted for m in _EXPRESSION.finditer(clean(text)))


def find_answer_step(steps: Sequence[Step], reference: str) -> int:
    """First step that states a value equivalent to the reference answer.

    An intermediate result that happens to equal the reference counts, as the definition has it.

    Args:
        steps: The steps of one trace.
        reference: The right answer.

    Returns:
        Its index, or -1 if no step does.
    """
    return next((i for i, step in enumerate(steps) if states(step.text, reference)), -1)


def _plain(text: str) -> str:
    return re.sub(r"[\s$]+", "", clean(text)).rstrip(".").casefold()
