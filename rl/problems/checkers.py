"""A checker chosen for a whole set of problems, and whether it fits their references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rewards.answers.checkers import CHECKER_KEY, build_checker
from rewards.answers.checkers.choice import LETTERS
from rewards.answers.checkers.number import read_number
from rewards.answers.gym import is_gym_row
from rl.problems.choices import NoOption, letter_of, options_in
from rl.problems.problem import Problem
from tagger.errors import UserError


def with_checker(problems: Sequence[Problem], checker: str | Mapping[str, Any]) -> list[Problem]:
    """Let a checker decide about the answers to some problems.

    Args:
        problems: The problems.
        checker: See `rewards.answers.checkers.build_checker`.

    Returns:
        The problems with the checker in their metadata; for ``choice``, references that are the
        place or the text of an option become its letter.

    Raises:
        UserError: Unknown checker or setting, or a reference that it cannot compare with.
    """
    build_checker(checker)
    name = checker if isinstance(checker, str) else checker["name"]
    spec = checker if isinstance(checker, str) else dict(checker)
    if name == "choice":
        return _with_letters(problems, spec)
    return [_prepared(problem, name, spec) for problem in problems]


def _with_letters(problems: Sequence[Problem], spec: str | dict[str, Any]) -> list[Problem]:
    """References as letters.

    Digits are places, counted from 0, if all references of the set can be places and not all are
    texts of options: 2 may be the text of one option and the place of another.
    """
    options = [list(p.metadata.get("choices") or options_in(p.question)) for p in problems]
    pairs = [(p.reference, choices) for p, choices in zip(problems, options, strict=True)]
    places = all(text.isdecimal() and int(text) < len(choices) for text, choices in pairs) and any(
        text not in choices for text, choices in pairs
    )
    found = []
    for problem, choices in zip(problems, options, strict=True):
        given = int(problem.reference) if places else problem.reference
        try:
            settled = _is_settled(problem)
            letter = problem.reference if settled else letter_of(given, choices)
        except NoOption as error:
            raise _unfit(problem, "choice", str(error)) from error
        metadata = {**problem.metadata, CHECKER_KEY: spec}
        metadata |= {"choices": choices} if choices else {}
        found.append(replace(problem, reference=letter, metadata=metadata))
    return found


def _is_settled(problem: Problem) -> bool:
    """Whether a reference is a letter already, as `columns.choices` makes it, and no text."""
    named = problem.metadata.get(CHECKER_KEY)
    choices = problem.metadata.get("choices") or ()
    letter = problem.reference
    return named == "choice" and len(letter) == 1 and letter in LETTERS[: len(choices)]


def _prepared(problem: Problem, name: str, spec: str | dict[str, Any]) -> Problem:
    if name == "number" and read_number(problem.reference) is None:
        raise _unfit(problem, name, f"{problem.reference[:60]!r} is no number")
    if name == "reasoning_gym" and not is_gym_row(problem.metadata):
        raise _unfit(problem, name, "its metadata name no reasoning-gym data set with a scorer")
    return replace(problem, metadata={**problem.metadata, CHECKER_KEY: spec})


def _unfit(problem: Problem, name: str, why: str) -> UserError:
    return UserError(
        f"The checker {name!r} does not fit the reference of problem {problem.id!r}: {why}; mend"
        " it, or choose another checker."
    )
