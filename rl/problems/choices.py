"""Options of multiple-choice problems: written into the question, the correct one as a letter."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from rewards.answers.checkers.choice import LETTERS
from rewards.answers.match import folded
from rewards.answers.options import reference_option

_AT_LINE_START = re.compile(r"^[ \t]*(?:\(([A-Z])\)[ \t]*|([A-Z])[.):][ \t]+)", re.MULTILINE)
_ANYWHERE = re.compile(r"(?<!\S)\(([A-Z])\)[ \t]*()")


class NoOption(ValueError):
    """A reference that names none of the options; the message is the reason."""


def options_in(question: str) -> list[str]:
    """The options that a question lists, in order.

    Args:
        question: With lines that begin ``(A)``, ``B)`` or ``C.``, or else ``(A) … (B) …`` anywhere.

    Returns:
        Their texts; empty if there are not at least two, A and B the first.
    """
    return _marked(question, _AT_LINE_START) or _marked(question, _ANYWHERE)


def _marked(question: str, mark: re.Pattern[str]) -> list[str]:
    marks = [(m[1] or m[2], m.start(), m.end()) for m in mark.finditer(question)]
    first = max((i for i, mark in enumerate(marks) if mark[0] == "A"), default=len(marks))
    pairs = takewhile(lambda pair: pair[0][0] == pair[1], zip(marks[first:], LETTERS, strict=False))
    run = [mark for mark, _ in pairs]
    if len(run) < 2:
        return []
    ends = [start for _, start, _ in run[1:]] + [len(question)]
    texts = [question[end:stop].strip() for (_, _, end), stop in zip(run, ends, strict=True)]
    return [*texts[:-1], texts[-1].split("\n")[0].strip()]


def listed(question: str, choices: Sequence[str]) -> str:
    """A question with its options below it, each behind its letter, unless they are there."""
    if len(options_in(question)) == len(choices):
        return question
    lines = (f"({letter}) {text}" for letter, text in zip(LETTERS, choices, strict=False))
    return "\n".join([question.rstrip(), *lines])


def letter_of(reference: Any, choices: Sequence[str]) -> str:
    """The letter of the option that a reference names.

    Args:
        reference: A place counted from 0 (a number, or its digits), a letter, or an option's text.
        choices: The options' texts; may be empty if the reference is a letter.

    Raises:
        NoOption: It names none, or more than one.
    """
    if isinstance(reference, int) and not isinstance(reference, bool):
        return _at(reference, choices)
    text = str(reference).strip()
    same = [i for i, choice in enumerate(choices) if folded(choice) == folded(text)]
    place = int(text) if text.isdecimal() and len(text) < 3 else None
    option = reference_option(text)
    if len(same) == 1:
        named = LETTERS.index(option.letter) if option is not None and not option.text else same[0]
        if named != same[0] and named < len(choices):
            raise NoOption(
                f"{text!r} may be the text of option {LETTERS[same[0]]} or the letter of option "
                f"{LETTERS[named]}; give its place, counted from 0"
            )
        if place is not None and place < len(choices) and place != same[0]:
            raise NoOption(
                f"{text!r} may be the text of option {LETTERS[same[0]]} or the place of option "
                f"{LETTERS[place]}; give the letter"
            )
        return LETTERS[same[0]]
    if (
        option is not None
        and not same
        and (not choices or option.letter in LETTERS[: len(choices)])
    ):
        return option.letter
    if place is not None and not same:
        return _at(place, choices)
    raise NoOption(f"{text[:60]!r} names none of the {len(choices)} options, or several")


def letter_of_text(text: str, choices: Sequence[str]) -> str:
    """The letter of the only option with that very text.

    Raises:
        NoOption: There is none, or more than one.
    """
    if list(choices).count(text) != 1:
        raise NoOption(f"{text[:60]!r} is the text of {list(choices).count(text)} options")
    return LETTERS[list(choices).index(text)]


def _at(place: int, choices: Sequence[str]) -> str:
    if 0 <= place < min(len(choices), len(LETTERS)):
        return LETTERS[place]
    raise NoOption(f"{place} is no place among {len(choices)} options, counted from 0")


def shuffled(choices: Sequence[str], question: str) -> list[str]:
    """The options in an order that depends on nothing but the question."""
    return random.Random(f"choices/{question}").sample(list(choices), len(choices))
