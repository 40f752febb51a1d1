"""Problems from files: JSON Lines, JSON arrays or Parquet, compressed or not."""

from __future__ import annotations

from pathlib import Path

from rl.problems.problem import Problem
from rl.problems.rows import problem_of_row
from tagger.errors import UserError
from tagger.traces.jsonl import numbered_rows, refuse_half_characters
from tagger.traces.opener import bare_name, opened

_SHOWN = 8
_CONVERTED = {
    ".csv": "pandas.read_csv({!r}, dtype=str)",
    ".tsv": "pandas.read_csv({!r}, dtype=str, sep='\\t')",
    ".xlsx": "pandas.read_excel({!r}, dtype=str)",
    ".arrow": "datasets.Dataset.from_file({!r}).to_pandas()",
    ".feather": "pandas.read_feather({!r})",
}


def read_problems(path: Path) -> list[Problem]:
    """Read the problems of a file.

    Args:
        path: JSON Lines, a JSON array, JSON objects one after the other, or Parquet; gzip, bzip2,
            zstd and xz are unpacked. `problem_of_row` says what a row holds.

    Returns:
        The problems, in the file's order. Ids default to ``<file>:<line>``, or the number of the
        row where a file has no lines.

    Raises:
        UserError: The file is missing, empty or malformed, a reference is no answer, or two
            problems share an id; names the line.
    """
    _refuse_others(path)
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    refused: list[tuple[str, UserError]] = []
    with opened(path) as file:
        for row in numbered_rows(file):
            try:
                refuse_half_characters(row)
                problem = problem_of_row(row.values, row.where, f"{path.name}:{row.number}")
            except UserError as error:
                refused.append((row.where, error))
                continue
            if problem.id in seen:
                place = seen[problem.id].removeprefix(f"{path}, ")
                raise UserError(
                    f"{row.where}: the id {problem.id!r} stands in {place} already; make ids "
                    "unique, or leave them out."
                )
            seen[problem.id] = row.where
            problems.append(problem)
    if refused:
        raise _first_of(refused, path)
    if not problems:
        raise UserError(f"{path} holds no problems; give one JSON object a line.")
    return problems


def _first_of(refused: list[tuple[str, UserError]], path: Path) -> UserError:
    """The first error, and where the others stand: a file is mended at one go."""
    (_, first), *others = refused
    if not others:
        return first
    places = ", ".join(where.removeprefix(f"{path}, ") for where, _ in others[:_SHOWN])
    more = "" if len(others) <= _SHOWN else f" and {len(others) - _SHOWN} more"
    return UserError(f"{first} Refused too: {places}{more}.")


def _refuse_others(path: Path) -> None:
    """Say at once what cannot be read, and how to make it readable."""
    if not path.exists():
        raise UserError(
            f"The problem file {path} does not exist; name a JSON Lines, JSON or Parquet file, or "
            "'overthinker'."
        )
    if path.is_dir():
        raise UserError(f"The problem file {path} is a folder; name one file in it.")
    suffix = Path(bare_name(path)).suffix.lower()
    if convert := _CONVERTED.get(suffix):
        raise UserError(
            f"The problem file {path} holds a {suffix} table, which is not read; make JSON "
            f"Lines of it, in Python: {convert.format(str(path))}"
            ".to_json('problems.jsonl', orient='records', lines=True)."
        )
