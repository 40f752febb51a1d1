"""Test problems that were training problems too, word for word or in other words.

Word for word: equal questions, white space aside. In other words, either of

* the same arithmetic, whatever the prompt around it: sums and products in any order of operands,
  leg counting with any animals of as many legs;
* the same words, numbers and signs in any order, case and punctuation aside (and, where there is a
  number, capitalised names), with the same reference.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from rl.problems.problem import Problem
from rl.problems.programs import program_for

_SYMBOLS = str.maketrans({"×": "*", "·": "*", "∗": "*", "÷": "/", "−": "-", "–": "-"})
_EXPRESSION = re.compile(r"\(*-?\d+(?:\.\d+)?\)*(?:\s*(?:\*\*|[-+*/^])\s*\(*-?\d+(?:\.\d+)?\)*)+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[-+*/^=<>]")
_NAME = re.compile(r"\b[^\W\d_a-z][^\W\d_]*[a-z][^\W\d_]*")
MOST_WORDS = 12
"""Words around an expression up to which the question asks for its value and nothing else."""

LEAST_TOKENS = 5
"""Words, numbers and signs, names left out, from which they tell a question from others."""


@dataclass(frozen=True)
class Overlap:
    """Pairs of a test problem and a training problem that are the same.

    Attributes:
        tested: Test problems in all.
        trained: Training problems in all.
        same: Ids of test and training problems that are equal word for word.
        reworded: Of those that are not, ids of pairs that are the same in other words.
        split: What the tested problems are called.
    """

    tested: int
    trained: int
    same: tuple[tuple[str, str], ...]
    reworded: tuple[tuple[str, str], ...]
    split: str = "test"

    @property
    def text(self) -> str:
        """One sentence; empty if no problem is shared."""
        parts = ((self.same, "word for word"), (self.reworded, "in other words"))
        found = [f"{len(pairs)} {how}" for pairs, how in parts if pairs]
        if not found:
            return ""
        count = len(self.same) + len(self.reworded)
        return (
            f"{count} of {self.tested} {self.split} problems were training problems too:"
            f" {', '.join(found)}."
        )

    def to_dict(self) -> dict[str, Any]:
        """As it is stored in the results."""
        return {
            "training_problems": self.trained,
            "text": self.text,
            **{
                name: {
                    "count": len(pairs),
                    "problems": [{"test": test, "training": train} for test, train in pairs],
                }
                for name, pairs in (("same", self.same), ("reworded", self.reworded))
            },
        }


def listed(pairs: Sequence[tuple[str, str]], most: int = 5) -> str:
    """Pairs of ids in words, the first ones of many.

    >>> listed([("a", "x"), ("b", "y")], most=1)
    "'a' is 'x', and 1 more"
    """
    named = [f"{one!r} is {other!r}" for one, other in pairs[:most]]
    more = len(pairs) - most
    return ", ".join([*named, *([f"and {more} more"] if more > 0 else [])])


def find_overlap(
    test: Sequence[Problem], training: Sequence[Problem], split: str = "test"
) -> Overlap:
    """Find test problems among the training problems.

    Args:
        test: The problems a policy is measured on.
        training: The problems it was trained on.
        split: What the former are called in sentences.

    Returns:
        Each test problem at most once, with the first training problem it equals.
    """
    exact: dict[str, str] = {}
    alike: dict[Hashable, str] = {}
    for problem in training:
        exact.setdefault(_collapsed(problem.question), problem.id)
        for key in meanings(problem):
            alike.setdefault(key, problem.id)
    same, reworded = [], []
    for problem in test:
        found = exact.get(_collapsed(problem.question))
        if found is not None:
            same.append((problem.id, found))
            continue
        found = next((alike[key] for key in meanings(problem) if key in alike), None)
        if found is not None:
            reworded.append((problem.id, found))
    return Overlap(len(test), len(training), tuple(same), tuple(reworded), split)


def selected_on(test: Sequence[Problem], evaluated: Sequence[Problem]) -> str:
    """A sentence on test problems that had a part in the choice of what is measured on them.

    Args:
        test: The problems a policy is measured on.
        evaluated: Those it was evaluated on during training.

    Returns:
        The sentence; empty if none is shared.
    """
    found = find_overlap(test, evaluated)
    shared = len(found.same) + len(found.reworded)
    return (
        f"{shared} of {len(test)} test problems, or the same in other words, were eval_problems of"
        " the training, by which its best checkpoint is chosen."
        if shared
        else ""
    )


def meanings(problem: Problem) -> tuple[Hashable, ...]:
    """Keys of a problem; two problems that share one are the same in other words."""
    if problem.family == "leg_counting" and "animals" in problem.metadata:
        facts = program_for(problem.family, problem.metadata).facts
        return (("legs", *sorted((count, legs) for _, count, legs in facts)),)
    question = problem.question.translate(_SYMBOLS)
    expression = _only_expression(question)
    if expression is not None:
        return (("expression", _canonical(expression)),)
    reference = _collapsed(problem.reference).casefold()
    words, nameless = (
        tuple(sorted(_TOKEN.findall(text.casefold())))
        for text in (question, _NAME.sub(" ", question))
    )
    keys: list[Hashable] = [("words", reference, words)]
    if len(nameless) >= LEAST_TOKENS and any(token[0].isdigit() for token in nameless):
        keys.append(("nameless", reference, nameless))
    return tuple(keys)


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def _only_expression(question: str) -> str | None:
    """The arithmetic expression a short question asks for; None if it asks for more."""
    found = _EXPRESSION.findall(question)
    if len(found) != 1:
        return None
    rest = question.replace(found[0], " ", 1)
    if _NUMBER.search(rest) or len(re.findall(r"[^\W\d_]+", rest)) > MOST_WORDS:
        return None
    return str(found[0])


def _canonical(expression: str) -> Hashable:
    """Sums of products with their terms and factors in order; anything else as it is written."""
    bare = re.sub(r"\s", "", expression)
    if re.search(r"[/^()]|\*\*|[-+*]-", bare):
        return bare
    terms = re.findall(r"([-+]?)([\d.*]+)", bare)
    return tuple(sorted((sign or "+", tuple(sorted(body.split("*")))) for sign, body in terms))
