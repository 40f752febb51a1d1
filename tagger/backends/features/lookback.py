"""Look-back flags: the position of a step in its trace and what it repeats of earlier steps."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from tagger.letter_case import lower_case

_STATES_ANSWER = re.compile(
    r"boxed|\b(?:answer|result|total|value|solution)\b[^.\n]{0,40}?(?:\b(?:is|be|equals)\b|[=:])"
)
_ANSWER_WORDS = frozenset(["answer", "result", "total", "value", "solution", "\\boxed", "boxed"])
_CUES = frozenset(
    ["wait", "check", "checking", "verify", "verifying", "recheck", "confirm", "confirms"]
    + ["confirmed", "again", "hmm", "actually", "matches", "correct", "consistent", "sure"]
    + ["mistake", "error", "wrong"]
)
_OPERATORS = {
    "+": "+", "plus": "+", "-": "-", "−": "-", "–": "-", "minus": "-", "*": "*", "×": "*",
    "·": "*", "x": "*", "times": "*", "\\times": "*", "\\cdot": "*", "/": "/", "÷": "/",
    "\\div": "/", "^": "^",
}  # fmt: skip
_EQUALS = frozenset(["=", "is", "gives", "equals", "makes"])
_BRACKETS = frozenset("()$")
_LONG_AGO = 99

_POSITIONS = [0, 1, 2, 4, 8, 16, 32, 64]
_SINCE = [0, 1, 2, 4, 8, 16]
_LENGTHS = [4, 9, 17, 33, 65, 129]
_COUNTS = [0, 1, 2, 4, 8]


class Equation(NamedTuple):
    """A computation written out, e.g. ``3 + 4 = 7``."""

    left: str
    value: str


class StepFacts(NamedTuple):
    """A step as read: its text, its lower-case tokens, and their hashes after a begin mark."""

    text: str
    tokens: list[str]
    words: list[int]


def equations_in(tokens: list[str]) -> list[Equation]:
    """Find computations with at least one operator between two numbers, left of an equals sign.

    Args:
        tokens: Words, numbers and signs in order, lower case.

    Returns:
        Their left sides, signs unified and brackets dropped, and the number to the right with its
        sign, empty if none follows.
    """
    found = []
    for i in [i for i, token in enumerate(tokens) if i and token in _EQUALS]:
        last = tokens[i - 1]
        if not (last[0].isdigit() or last in _OPERATORS or last in _BRACKETS):
            continue  # as mostly before "is": spares the slices below
        parts: list[str] = []
        numbers = 0
        for before in reversed(tokens[max(0, i - 40) : i]):
            if before[0].isdigit():
                numbers += 1
                parts.append(before)
            elif before in _OPERATORS:
                parts.append(_OPERATORS[before])
            elif before not in _BRACKETS:
                break
        if numbers < 2 or len(parts) <= numbers:
            continue
        value = ""
        for after in tokens[i + 1 : i + 5]:
            if after[0].isdigit():
                value += after
                break
            if after in ("-", "−"):
                value = "-"
            elif after not in _BRACKETS:
                break
        found.append(Equation(" ".join(reversed(parts)), value))
    return found


def states_answer(text: str) -> bool:
    """Whether a text says, in any case of letters, what the answer is."""
    return bool(_STATES_ANSWER.search(lower_case(text)))


def _share(part: int, whole: int) -> int:
    """0: there is nothing; 1: none of it; 2: less than half; 3: half or more; 4: all."""
    if not whole:
        return 0
    if not part:
        return 1
    return 4 if part == whole else 3 if 2 * part >= whole else 2


class LookBack:
    """History of a trace.

    Args:
        question: Tokens of the problem text.
    """

    def __init__(self, question: list[str]) -> None:
        self._question = set(question)
        self._numbers: set[str] = set()
        self._values: dict[str, str] = {}  # value of each left side when it was first computed
        self._operands: set[str] = set()  # left sides with their parts sorted
        self._first_left = ""
        self._pairs: set[tuple[int, int]] = set()
        self._texts: set[str] = set()
        self._stated: set[str] = set()  # the numbers that stated answers ended in
        self._last_stated = ""  # the number the last of them ended in
        self._times_stated = 0
        self._since_stated = _LONG_AGO
        self._since_cue = _LONG_AGO
        self._index = 0
        self._before = (0, 0, 0, 0, 0)
        self._first_before = 0

    def flags(self, step: StepFacts) -> list[int]:
        """Take the next step; return its flags, 32-bit numbers, always as many."""
        text, tokens, words = step
        vocabulary = set(tokens)
        unique = {t for t in vocabulary if t[0].isdigit()}
        equations = [] if not unique or _EQUALS.isdisjoint(vocabulary) else equations_in(tokens)
        pairs = set(zip(words, words[1:], strict=False))

        stated = min(self._times_stated, 2)
        repeats = operands = changed = restarts = 0
        if equations:
            repeats, operands, changed, restarts = self._remember_equations(equations)
        known = given = 0
        last_number = ""
        if unique:
            known = _share(len(unique & self._numbers), len(unique))
            given = _share(len(unique & self._question), len(unique))
            last_number = next(t for t in reversed(tokens) if t in unique)
        new_pairs = self._remember_pairs(pairs)
        phrasing = 6 * (len(pairs) - new_pairs) // len(pairs) if pairs else 7
        asked = 5 * len(vocabulary & self._question) // len(vocabulary) if vocabulary else 6
        cue = not _CUES.isdisjoint(vocabulary)
        states = not _ANSWER_WORDS.isdisjoint(vocabulary) and states_answer(text)
        names_answer = not unique.isdisjoint(self._stated)
        ends_in_answer = stated > 0 and last_number == self._last_stated
        since_cue = bisect_left(_SINCE, self._since_cue)
        since_stated = bisect_left(_SINCE, self._since_stated)
        first = words[1] if len(words) > 1 else 0
        second = words[2] if len(words) > 2 else 0
        last = words[-1]
        answer = stated + 3 * names_answer + 6 * ends_in_answer

        flags = [
            bisect_left(_POSITIONS, self._index),
            bisect_left(_LENGTHS, len(tokens)),
            stated + 3 * since_stated,
            first,
            (first * 31 + second) & 0xFFFFFFFF,
            (first * 31 + stated) & 0xFFFFFFFF,
            (first * 31 + self._first_before) & 0xFFFFFFFF,
            (first * 31 + repeats) & 0xFFFFFFFF,
            last,
            repeats + 5 * stated,
            operands + 5 * stated,
            repeats + 5 * known + 25 * stated,
            changed + 2 * restarts + 4 * stated,
            bisect_left(_COUNTS, len(equations)),
            known + 5 * given,
            known + 5 * stated,
            given,
            bisect_left(_COUNTS, len(unique)),
            phrasing + 8 * stated,
            phrasing + 8 * repeats,
            asked,
            (text in self._texts) + 2 * stated,
            since_cue + 8 * stated,
            since_cue + 8 * repeats,
            cue + 2 * stated,
            cue + 2 * repeats,
            cue + 2 * answer,
            answer,
            states + 2 * stated,
            states + 2 * cue + 4 * names_answer,
            states + 2 * bool(equations) + 4 * stated,
            *self._before,
        ]
        self._before = (
            repeats + 5 * stated,
            known + 5 * stated,
            cue + 2 * states,
            phrasing,
            last,
        )
        self._first_before = first
        self._index += 1
        self._texts.add(text)
        self._numbers |= unique
        self._since_cue = 0 if cue else self._since_cue + 1
        self._since_stated = 0 if states else self._since_stated + 1
        if states:
            self._stated.add(last_number)
            self._last_stated = last_number
            self._times_stated += 1
        return flags

    def _remember_equations(self, equations: list[Equation]) -> tuple[int, int, bool, bool]:
        """Take a step's equations, at least one.

        Returns:
            The share of them whose left side is known, the share whose operands are, whether one
            has another value than before, and whether the first opens the trace's computations.
        """
        values = self._values
        operands = [" ".join(sorted(e.left.split())) for e in equations]
        seen = (
            _share(sum([e.left in values for e in equations]), len(equations)),
            _share(sum([o in self._operands for o in operands]), len(equations)),
            any(values.get(e.left, e.value) != e.value for e in equations),
            equations[0].left == self._first_left,
        )
        for equation in equations:
            values.setdefault(equation.left, equation.value)
        self._operands.update(operands)
        self._first_left = self._first_left or equations[0].left
        return seen

    def _remember_pairs(self, pairs: set[tuple[int, int]]) -> int:
        """Take a step's pairs of words; return how many of them are new."""
        known = len(self._pairs)
        self._pairs |= pairs
        return len(self._pairs) - known
