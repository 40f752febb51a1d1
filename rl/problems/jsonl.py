"""Problems from JSONL files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rl.problems.problem import Problem
from tagger.errors import UserError

QUESTION_KEYS = ("question", "problem", "prompt")
REFERENCE_KEYS = ("reference", "answer", "solution")


def read_problems(path: Path) -> list[Problem]:
    """Read problems from a JSONL file, plain or ``.gz``.

    Args:
        path: One JSON object a line: ``question`` (or ``problem``, ``prompt``) and ``reference``
            (or ``answer``, ``solution``), optionally ``id``, ``band``, ``family``; everything
            else, and what stands under ``metadata``, becomes metadata.

    Returns:
        The problems, in the file's order. Ids default to ``<file>:<line>``.

    Raises:
        UserError: The file is missing, empty or malformed; names the line.
    """
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, row in _rows(path):
        problem = _problem(path, number, row)
        if problem.id in seen:
            raise UserError(
                f"{path}, line {number}: the id {problem.id!r} stands in line {seen[problem.id]} "
                "already; make ids unique."
            )
        seen[problem.id] = number
        problems.append(problem)
    if not problems:
        raise UserError(f"{path} holds no problems; give one JSON object a line.")
    return problems


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered JSON objects of a file, blank lines skipped."""
    reader = gzip.open if path.suffix == ".gz" else open
    try:
        with reader(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise UserError(
                        f"{path}, line {number}: not valid JSON ({error.msg}, column "
                        f"{error.colno}); mend the line or remove it."
                    ) from error
                if not isinstance(row, dict):
                    raise UserError(f"{path}, line {number}: must be a JSON object.")
                yield number, row
    except FileNotFoundError as error:
        raise UserError(
            f"The problem file {path} does not exist; name a JSONL file or 'overthinker'."
        ) from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(f"Cannot read the problem file {path}: {error}.") from error


def _problem(path: Path, number: int, row: dict[str, Any]) -> Problem:
    row = dict(row)
    question = _take(path, number, row, QUESTION_KEYS)
    reference = _take(path, number, row, REFERENCE_KEYS)
    identity = str(row.pop("id", f"{path.name}:{number}"))
    band, family = str(row.pop("band", "") or ""), str(row.pop("family", "") or "")
    metadata = row.pop("metadata", {})
    if not isinstance(metadata, dict):
        raise UserError(f"{path}, line {number}: 'metadata' must be a JSON object.")
    return Problem(identity, question, reference, band, family, {**row, **metadata})


def _take(path: Path, number: int, row: dict[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        if key in row:
            value = row.pop(key)
            if isinstance(value, int | float) and not isinstance(value, bool):
                value = str(value)
            if not isinstance(value, str) or not value.strip():
                raise UserError(f"{path}, line {number}: {key!r} must be a non-empty text.")
            return value
    raise UserError(
        f"{path}, line {number}: needs the key {keys[0]!r} (or {' or '.join(keys[1:])})."
    )
