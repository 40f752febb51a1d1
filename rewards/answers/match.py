r"""From what follows the thinking to one answer, and whether it is right.

An answer is, in this order: the content of the last ``\boxed{}``, what stands behind the last
"answer is" / "answer:", the last number (if the reference is a number), the whole text.
"""

from __future__ import annotations

import re
import threading
from fractions import Fraction

from rewards.answers.numbers import clean, exact_value

_BOXED_OR_BRACE = re.compile(r"\\(?:boxed|fbox)\s*\{|[{}]")
_ANSWER = re.compile(r"\banswer\b\s*(?:is|=|:)?\s*:?\s*(?=\S)", re.IGNORECASE)
_END = re.compile(r"[.!?;](?:\s|$)|\n")
_LAST_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:\.\d+)?(?:\s*/\s*\d+)?(?![\w])")

MAX_EXPRESSION = 400
"""Characters an answer may have to be handed to math-verify; longer ones are compared as text."""
_TOWER = re.compile(r"(?:\^|\*\*)[^+\-=,;]*(?:\^|\*\*)")
_BIG_POWER = re.compile(r"(?:\^|\*\*)\s*[{(]*\s*[+-]?\d{4,}")
_FACTORIAL = re.compile(r"[\w)}]\s*!")
_SECONDS = 2


def boxed_contents(text: str) -> list[str]:
    r"""Contents of every balanced ``\boxed{}`` of a text, in order.

    One pass, whatever the text: models that break down write ``\boxed{`` thousands of times.
    """
    open_at: list[int] = []  # where what stands in each open brace begins; -1 if in no box
    found = []
    for match in _BOXED_OR_BRACE.finditer(text):
        if match[0] != "}":
            open_at.append(match.end() if len(match[0]) > 1 else -1)
        elif open_at and (start := open_at.pop()) >= 0:
            found.append((start, text[start : match.start()].strip()))
    return [content for _, content in sorted(found)]


def extract_answer(answer: str, numeric: bool = True) -> str:
    """Find the answer in what follows the thinking.

    Args:
        answer: Text behind the closing delimiter, end token left out.
        numeric: Whether the last number may stand for the answer; set it if the reference is
            a number.

    Returns:
        The answer, stripped; empty if there is none.
    """
    boxed = boxed_contents(answer)
    if boxed:
        return boxed[-1]
    stated = [answer[m.end() :] for m in _ANSWER.finditer(answer)]
    if stated:
        text = _END.split(stated[-1].strip(), maxsplit=1)[0].strip().strip("*$ ")
        if text and (not numeric or exact_value(text) is not None):
            return text
    if numeric:
        numbers = _LAST_NUMBER.findall(clean(answer))
        return numbers[-1].strip() if numbers else ""
    return answer.strip()


def answers_match(answer: str, reference: str) -> bool:
    """Say whether two answers mean the same.

    Numbers are compared exactly; where only one side has a percent sign, 50 % equals both 50 and
    0.5. Other answers are equal as text (white space and case aside) or
    by math-verify, which is asked only about expressions that it cannot hang on: towers of
    powers, factorials and very long texts are compared as text alone.

    Args:
        answer: The extracted answer.
        reference: The right answer.

    Returns:
        Whether they are equivalent; False for an empty answer.
    """
    if not answer.strip():
        return False
    left, left_percent = _number(answer)
    right, right_percent = _number(reference)
    if left is not None and right is not None:
        return left == right or (
            left_percent != right_percent
            and (left / 100 if left_percent else left) == (right / 100 if right_percent else right)
        )
    if _plain(answer) == _plain(reference):
        return True
    if left is not None and not any(c.isdigit() for c in reference):
        return False  # a number against a word or a bare variable
    return _safe(answer) and _safe(reference) and _math_verify(answer, reference)


def _number(text: str) -> tuple[Fraction | None, bool]:
    """Exact value, percent sign aside, and whether there was one."""
    bare = text.strip().rstrip(".$ ")
    percent = bare.endswith("%")
    return exact_value(bare[:-1].rstrip("\\ ") if percent else text), percent


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", clean(text)).rstrip(".").casefold()


def _safe(text: str) -> bool:
    return len(text) <= MAX_EXPRESSION and not (
        _TOWER.search(text) or _BIG_POWER.search(text) or _FACTORIAL.search(text)
    )


def _math_verify(answer: str, reference: str) -> bool:
    """Ask math-verify; its timers need the main thread, elsewhere the filter alone protects."""
    from math_verify import parse, verify

    seconds = _SECONDS if threading.current_thread() is threading.main_thread() else None
    gold, given = (
        parse(f"${text}$", parsing_timeout=seconds) or parse(text, parsing_timeout=seconds)
        for text in (reference, answer)
    )
    return bool(gold and given and verify(gold, given, timeout_seconds=seconds))
