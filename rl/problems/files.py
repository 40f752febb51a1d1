"""Problems from files: JSON Lines, JSON arrays, CSV or Parquet, compressed or not."""

from __future__ import annotations

from pathlib import Path

from rl.problems.collect import problems_of
from rl.problems.config import AS_NAMED, ColumnsConfig
from rl.problems.csv_table import SUFFIXES, csv_rows
from rl.problems.problem import Problem
from tagger.errors import UserError
from tagger.traces.jsonl import numbered_rows
from tagger.traces.opener import bare_name, opened

_CONVERTED = {
    ".xlsx": "pandas.read_excel({!r}, dtype=str)",
    ".arrow": "datasets.Dataset.from_file({!r}).to_pandas()",
    ".feather": "pandas.read_feather({!r})",
}


def read_problems(path: Path, columns: ColumnsConfig = AS_NAMED) -> list[Problem]:
    """Read the problems of a file.

    Args:
        path: JSON Lines, a JSON array, JSON objects one after the other, Parquet, or CSV by its
            suffix; gzip, bzip2, zstd and xz are unpacked. `problem_of_row` says what a row holds.
        columns: Which columns hold what, if their names do not say it.

    Returns:
        The problems, in the file's order. Ids default to ``<file>:<line>``, or the number of the
        row where a file has no lines.

    Raises:
        UserError: The file is missing, empty or malformed, a reference is no answer, or two
            problems share an id; names the line.
    """
    _refuse_others(path)
    with opened(path) as file:
        table = Path(bare_name(path)).suffix.lower() in SUFFIXES and not file.parquet
        rows = csv_rows(file) if table else numbered_rows(file)
        return problems_of(rows, str(path), path.name, columns)


def _refuse_others(path: Path) -> None:
    """Say at once what cannot be read, and how to make it readable."""
    if not path.exists():
        raise UserError(
            f"The problem file {path} does not exist; name a JSON Lines, JSON, CSV or Parquet "
            "file, 'overthinker', hf:NAME, reasoning_gym:NAME, or a named set (docs/problems.md)."
        )
    if path.is_dir():
        raise UserError(
            f"The problem file {path} is a folder; name one file in it, or a data set as hf:{path}."
        )
    suffix = Path(bare_name(path)).suffix.lower()
    if convert := _CONVERTED.get(suffix):
        raise UserError(
            f"The problem file {path} holds a {suffix} table, which is not read; make JSON "
            f"Lines of it, in Python: {convert.format(str(path))}"
            ".to_json('problems.jsonl', orient='records', lines=True)."
        )
