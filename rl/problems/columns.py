"""From a row with columns of any name to one that `problem_of_row` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rl.problems.choices import NoOption, letter_of, letter_of_text, listed, shuffled
from rl.problems.config import AS_NAMED, ColumnsConfig
from rl.problems.rows import OPTION_KEYS
from tagger.errors import UserError
from tagger.traces.fields import (
    QUESTION_KEYS,
    REFERENCE_KEYS,
    first_filled,
    is_blank,
    is_list,
    value_at,
)

_LABELS = ("id", "band", "family")


def mapped(row: Mapping[str, Any], columns: ColumnsConfig, where: str) -> Mapping[str, Any]:
    """Give the mapped columns of a row the names that `problem_of_row` knows.

    What is not mapped keeps its name, but for columns that would be taken for the question, the
    reference or the options instead.

    Args:
        row: Field values by name.
        columns: Which columns hold what.
        where: Place of the row for messages.

    Returns:
        The row as it is if nothing is mapped.

    Raises:
        UserError: A mapped column is missing, or the question, the reference or the options in it
            are empty, or the reference names none of the options.
    """
    if columns == AS_NAMED:
        return row
    if columns.choices is not None:
        columns = replace(
            columns,
            question=columns.question or first_filled(row, QUESTION_KEYS),
            reference=columns.reference or first_filled(row, REFERENCE_KEYS),
        )
    named = [columns.question, columns.reference, columns.id, columns.band, columns.family]
    choices_at = columns.choices if isinstance(columns.choices, list) else [columns.choices]
    taken = {path for path in (*named, *choices_at) if path is not None}
    taken.update(["prompt"] if columns.question is not None else ())  # a chat there would be asked
    taken.update(OPTION_KEYS if columns.choices is not None else ())
    found = {key: value for key, value in row.items() if key not in taken}
    question = reference = None
    if columns.question is not None:
        question = _filled(row, columns.question, "question", where)
        found["prompt" if is_list(question, Mapping) else "question"] = question
    if columns.reference is not None:
        reference = _filled(row, columns.reference, "reference", where)
        several = is_list(reference, str) and len(reference) > 1
        found["reference"] = ", ".join(reference) if several else reference
    if columns.choices is not None:
        found.update(_with_choices(row, columns, question, reference, where))
    for key in _LABELS:
        path = getattr(columns, key)
        if path is not None:
            found[key] = _there(row, path, key, where)
    return found


def _with_choices(
    row: Mapping[str, Any], columns: ColumnsConfig, question: Any, reference: Any, where: str
) -> dict[str, Any]:
    """Question, reference and metadata of a multiple-choice row."""
    if not isinstance(question, str) or reference is None:
        raise UserError(
            f"{where}: options in columns.choices need a question that is a text, and a reference; "
            "name their columns by columns.question and columns.reference."
        )
    assert columns.choices is not None
    several = isinstance(columns.choices, list)
    if isinstance(columns.choices, list):
        value: Any = [_filled(row, path, "choices", where) for path in columns.choices]
    else:
        value = _filled(row, columns.choices, "choices", where)
        value = value.get("text") if isinstance(value, Mapping) else value
    if not is_list(value) or not 2 <= len(value) <= 26:
        raise UserError(f"{where}: columns.choices must give a list of 2 to 26 options.")
    texts = [str(text).strip() for text in value]
    try:
        if several and columns.reference in columns.choices:
            texts = shuffled(texts, question)
            letter = letter_of_text(str(reference).strip(), texts)
        else:
            letter = letter_of(reference, texts)
    except NoOption as error:
        raise UserError(f"{where}: the reference in {columns.reference!r}: {error}.") from error
    own = row.get("metadata")
    metadata = dict(own) if isinstance(own, Mapping) else {}
    return {
        "question": listed(question, texts),
        "reference": letter,
        "metadata": {**metadata, "choices": texts, "checker": "choice"},
    }


def _filled(row: Mapping[str, Any], path: str, key: str, where: str) -> Any:
    value = _there(row, path, key, where)
    if is_blank(value) or (is_list(value) and all(is_blank(item) for item in value)):
        raise UserError(
            f"{where}: the column {path!r}, named by columns.{key}, is empty; fill it or name "
            "another."
        )
    return value


def _there(row: Mapping[str, Any], path: str, key: str, where: str) -> Any:
    value = value_at(row, path)
    if value is None and path not in row:
        names = ", ".join(map(repr, row))
        raise UserError(
            f"{where}: there is no column {path!r}, named by columns.{key}; there are {names}."
        )
    return value
