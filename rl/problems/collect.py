"""From rows to a list of problems, each with an id of its own and every bad row named."""

from __future__ import annotations

import random
from collections.abc import Iterable

from rewards.answers.checkers import CHECKER_KEY, build_checker
from rl.problems.columns import mapped
from rl.problems.config import ColumnsConfig
from rl.problems.problem import Problem
from rl.problems.rows import problem_of_row
from tagger.errors import UserError
from tagger.traces.jsonl import refuse_half_characters
from tagger.traces.row import Row

_SHOWN = 8


def problems_of(
    rows: Iterable[Row], name: str, label: str, columns: ColumnsConfig
) -> list[Problem]:
    """Make the problems of some rows.

    Args:
        rows: The rows.
        name: What the source is called in messages.
        label: First part of the ids of rows that give none, before their number.
        columns: Which columns hold what.

    Raises:
        UserError: A row is refused, with the places of the others; or two problems share an id, or
            there are none.
    """
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    refused: list[tuple[str, UserError]] = []
    for row in rows:
        try:
            refuse_half_characters(row)
            values = mapped(row.values, columns, row.where)
            problem = problem_of_row(values, row.where, f"{label}:{row.number}")
            _check_named_checker(problem, row.where)
        except UserError as error:
            refused.append((row.where, error))
            continue
        if problem.id in seen:
            place = seen[problem.id].removeprefix(f"{name}, ")
            raise UserError(
                f"{row.where}: the id {problem.id!r} stands in {place} already; make ids "
                "unique, or leave them out."
            )
        seen[problem.id] = row.where
        problems.append(problem)
    if refused:
        raise _first_of(refused, name)
    if not problems:
        raise UserError(f"{name} holds no problems; give one JSON object a line.")
    return problems


def draw(problems: list[Problem], size: int | None, seed: int, source: str) -> list[Problem]:
    """Draw some problems without replacement, in a random order; all, in theirs, without a size.

    Raises:
        UserError: More are asked for than there are.
    """
    if size is None:
        return problems
    if size > len(problems):
        raise UserError(
            f"problems.size is {size}, but {source} holds {len(problems)} problems; ask for fewer."
        )
    return random.Random(f"problems/{seed}").sample(problems, size)


def _check_named_checker(problem: Problem, where: str) -> None:
    """Metadata that name a checker are taken at their word, so the name must be one."""
    named = problem.metadata.get(CHECKER_KEY)
    if named is None:
        return
    try:
        build_checker(named)
    except (UserError, TypeError, ValueError) as error:
        raise UserError(f"{where}: metadata.{CHECKER_KEY}: {error}") from error


def _first_of(refused: list[tuple[str, UserError]], name: str) -> UserError:
    """The first error, and where the others stand: a file is mended at one go."""
    (_, first), *others = refused
    if not others:
        return first
    places = ", ".join(where.removeprefix(f"{name}, ") for where, _ in others[:_SHOWN])
    more = "" if len(others) <= _SHOWN else f" and {len(others) - _SHOWN} more"
    return UserError(f"{first} Refused too: {places}{more}.")
