"""Labelled short traces made of worked solutions, with checks written in at known places.

Real thinking that is labelled is long. In short thinking a check may be the second step, and no
answer need have been stated before it. People's worked solutions are short and their equations are
marked (GSM8K, arXiv 2110.14168: ``<<48/2=24>>24``), so what a check of them says can be written,
and where it stands is known. The wordings are ours; the questions, numbers and solution lines are
people's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from tagger.errors import UserError

_MARKED = re.compile(r"<<([^<>=]+)=([^<>=]+)>>")
_SIMPLE = re.compile(r"(-?\d+(?:\.\d+)?)([-+*/])(\d+(?:\.\d+)?)")
_INVERSE = {"+": ("{c}", "-", "{b}", "{a}"), "-": ("{c}", "+", "{b}", "{a}"),
            "*": ("{c}", "/", "{b}", "{a}"), "/": ("{c}", "*", "{b}", "{a}")}  # fmt: skip
_SIGNS = {
    "+": (" + ", " + ", "+", " plus "),
    "-": (" - ", " - ", "-", " minus "),
    "*": (" * ", " × ", "*", " times "),
    "/": (" / ", " ÷ ", "/", " divided by "),
}
_EQUALS = (" = ", " = ", "=", " is ", " gives ", " equals ")

ANNOUNCE = (
    "Let me check", "Let me double-check", "Let me verify", "Let me verify this", "To verify",
    "Checking", "Double-checking", "Check", "Quick check", "To be sure", "As a check",
    "Let me make sure", "Let's check this", "Let me recheck that", "Just to confirm",
    "I'll verify that", "Verifying", "A quick sanity check", "Let me go over it again",
    "Wait, let me check", "Wait, is that right", "Hmm, let me redo this", "Recomputing",
    "Let me see whether this holds", "Going back over it", "Testing this", "Once more",
    "Let me confirm", "I want to be careful here",
)  # fmt: skip
ANNOUNCE_BACK = (*ANNOUNCE, "Working backwards", "In reverse")
LEAD_IN = (
    "First", "Next", "Then", "Now", "So", "Let me work this out", "Let's compute", "Okay",
    "Let me calculate", "Let me see", "For the next part", "Alright", "Hmm, okay", "Let me start",
    "From this", "We know that",
)  # fmt: skip
CONFIRM = (
    "Yes.", "Correct.", "Good.", "That matches.", "That's right.", "It checks out.", "It works.",
    "As expected.", "So that holds.", "This agrees with what I had.", "✓", "Same result.", "Right.",
    "So this is consistent.", "Yes, that's correct.", "Fine.", "Makes sense.", "Great, it fits.",
)  # fmt: skip
TAIL = (
    "so that is right", "which matches", "as it should be", "so it agrees", "which is consistent",
    "just as found above", "so this is correct", "the same as before", "so it works out",
    "and that fits",
)  # fmt: skip
TAIL_BACK = (*TAIL, "which is what we started from")
BARE_CHECK = (
    "Let me check that.", "Let me verify the last step.", "Does this make sense?",
    "Let me double-check the arithmetic.", "Is this correct?", "I should verify this.",
    "Wait, let me make sure I did that right.", "Let me test this result.",
)  # fmt: skip
CLOSE = (
    "The answer is {}.", "So the answer is {}.", "So {}.", "Therefore, {}.", "{}.", "Answer: {}",
    "Hence the final answer is {}.", "That gives {} as the answer.", "\\boxed{{{}}}",
    "So the result is {}.", "Thus the answer is \\boxed{{{}}}.", "The final answer: {}.",
)  # fmt: skip
RESTATE = (
    "The question is: {}", "We need to answer: {}", "So what is asked: {}", "{}",
    "Okay, the problem asks: {}",
)  # fmt: skip
HESITATE = ("Hmm.", "Wait.", "Hold on.", "Hmm, let me think.", "Okay.", "Let me slow down.")

CHECKED = 0.75
"""Share of traces that check anything; the others show that short traces need not."""


@dataclass(frozen=True)
class Solution:
    """A worked solution: question, lines with their equations (left side, value), final answer."""

    question: str
    lines: list[tuple[str, list[tuple[str, str]]]]
    answer: str


Step = tuple[str, str]


def solution_traces(path: Path, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Write labelled traces from worked solutions.

    Args:
        path: JSONL of rows with ``question`` or ``problem``, and ``solution`` or ``answer`` in the
            form of GSM8K: a step a line, equations marked ``<<left=value>>``, ``#### answer`` last.
        count: How many traces; each is of another row.
        seed: Chooses rows and wordings.

    Yields:
        Rows as `tagger.traces.labelled.read_labelled` takes them, labelled with ReasonType.

    Raises:
        UserError: A file that cannot be read, a malformed row, or too few solutions.
    """
    solutions = _read(path)
    if len(solutions) < count:
        remedy = "give a smaller --count" if solutions else "give a file in the form of GSM8K"
        raise UserError(
            f"{path}: {len(solutions)} rows hold a solution with equations marked <<2+3=5>> and "
            f"an answer after ####, {count} traces were asked for; {remedy}."
        )
    draw = Random(seed)
    for number, solution in enumerate(draw.sample(solutions, count)):
        steps = _write(solution, draw)
        yield {
            "id": f"solution-{seed}-{number}",
            "dataset": path.name.split(".")[0],
            "model": "worked-solution",
            "question": solution.question,
            "reference": solution.answer,
            "steps": [text for text, _ in steps],
            "labels": {str(i): tag for i, (_, tag) in enumerate(steps) if tag},
        }


def _read(path: Path) -> list[Solution]:
    """Rows whose solution has well-marked equations on lines of text, and an answer of one line."""
    from tagger.traces.jsonl import read_rows

    solutions = []
    for place, row in read_rows(path):
        question = row.get("question") or row.get("problem")
        text = row.get("solution") or row.get("answer")
        if not isinstance(question, str) or not isinstance(text, str):
            raise UserError(
                f"{place}: a worked solution needs 'question' (or 'problem') and 'solution' "
                "(or 'answer') as texts."
            )
        body, mark, answer = text.partition("####")
        lines = [
            (_MARKED.sub("", line).strip(), _MARKED.findall(line))
            for line in body.split("\n")
            if line.strip()
        ]
        answer = answer.strip()
        whole = answer and "\n" not in answer and question.strip()
        clean = all(line and "<<" not in line and ">>" not in line for line, _ in lines)
        if mark and whole and clean and any(equations for _, equations in lines):
            solutions.append(Solution(question, lines, answer))
    return solutions


def _write(solution: Solution, draw: Random) -> list[Step]:
    """The steps of one trace and their tags, "" where no tag is certain."""
    steps: list[Step] = []
    if draw.random() < 0.35:
        asked = re.split(r"(?<=[.?!])\s+", solution.question.strip())[-1]
        steps.append((draw.choice(RESTATE).format(asked), "RESTATE"))
    places = [i for i, (_, equations) in enumerate(solution.lines) if equations]
    after = draw.choice([*places, places[-1]]) if draw.random() < CHECKED else None
    closed = False
    for number, (text, equations) in enumerate(solution.lines):
        lead = draw.choice(LEAD_IN) + draw.choice((", ", ": ")) if draw.random() < 0.35 else ""
        steps.append((lead + text, "SUBSTITUTE" if equations else ""))
        if number == after:
            if number == places[-1] and draw.random() < 0.5:
                closed = True
                steps.append(_close(solution, draw))
            if draw.random() < 0.12:
                steps.append((draw.choice(HESITATE), "META"))
            steps += [(check, "VERIFY") for check in _check(equations, draw)]
    if not closed or draw.random() < 0.4:
        steps.append(_close(solution, draw))
    return steps


def _close(solution: Solution, draw: Random) -> Step:
    return draw.choice(CLOSE).format(solution.answer), "CONCLUDE"


def _check(equations: list[tuple[str, str]], draw: Random) -> list[str]:
    """Steps that check equations by computing them again or by computing back."""
    left, value = draw.choice(equations)
    said, back = _say(left, value, draw)
    announce, tail = (ANNOUNCE_BACK, TAIL_BACK) if back else (ANNOUNCE, TAIL)
    way = draw.random()
    if way < 0.45:
        ends = f". {draw.choice(CONFIRM)}" if draw.random() < 0.5 else "."
        if draw.random() < 0.3:
            ends = f", {draw.choice(tail)}."
        return [f"{draw.choice(announce)}{draw.choice((': ', ': ', ', ', '. '))}{said}{ends}"]
    if way < 0.65:
        return [f"{said[0].upper()}{said[1:]}, {draw.choice(tail)}."]
    if way < 0.8:
        return [f"Is {left} really {value}? {said[0].upper()}{said[1:]}. {draw.choice(CONFIRM)}"]
    steps = [draw.choice(BARE_CHECK), f"{said}."]
    if draw.random() < 0.5:
        steps.append(draw.choice(CONFIRM))
    return steps


def _say(left: str, value: str, draw: Random) -> tuple[str, bool]:
    """An equation in words or signs: itself, or its inverse if it has two numbers; and which."""
    simple = _SIMPLE.fullmatch(left.replace(" ", ""))
    equals = draw.choice(_EQUALS)
    if not simple:
        return f"{left}{equals}{value}", False
    a, sign, b = simple.groups()
    if draw.random() < 0.55 and _holds_exactly(a, sign, b, value):
        first, sign, second, result = (part.format(a=a, b=b, c=value) for part in _INVERSE[sign])
        return f"{first}{draw.choice(_SIGNS[sign])}{second}{equals}{result}", True
    return f"{a}{draw.choice(_SIGNS[sign])}{b}{equals}{value}", False


def _holds_exactly(a: str, sign: str, b: str, value: str) -> bool:
    """Whether an equation and its inverse are true to the last digit: 10/3=3.33 is not."""
    try:
        left, right, result = Fraction(a), Fraction(b), Fraction(value.strip())
        exact = {"+": left + right, "-": left - right, "*": left * right}
        found = exact[sign] if sign != "/" else left / right
        return found == result and (sign != "*" or right != 0)
    except (ValueError, ZeroDivisionError):
        return False
