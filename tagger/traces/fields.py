"""Names of the fields that hold questions and references, and values at dotted paths."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

QUESTION_KEYS = ("question", "problem", "prompt")
"""Where a question is looked for; the first that is filled is taken."""

REFERENCE_KEYS = (
    "reference",
    "ground_truth",
    "reward_model.ground_truth",  # verl
    "final_answer",
    "expected_answer",
    "gold",
    "target",  # lm-eval
    "answer",
    "solution",
)
"""Where a reference answer is looked for; the first that is filled is taken."""


def value_at(row: Mapping[str, Any], path: str) -> Any:
    """Value of a field, or inside one: ``choices.0.message`` steps into lists and objects.

    Args:
        row: Field values by name.
        path: A name that the row has, dots included; else names and places with dots between.

    Returns:
        The value; None where there is none.
    """
    if path in row or "." not in path:
        return row.get(path)
    value: Any = row
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif is_list(value) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def single_value(row: Mapping[str, Any], path: str) -> Any:
    """Value at a path, or the only item if it is a list of one.

    Some sets for verl write ``ground_truth`` as such a list in a text: ``["33"]``.
    """
    value = value_at(row, path)
    if path.startswith("reward_model.") and isinstance(value, str) and value[:2] == '["':
        with contextlib.suppress(ValueError):
            listed = json.loads(value)
            value = listed if len(listed) == 1 else value
    return value[0] if is_list(value) and len(value) == 1 else value


def first_filled(row: Mapping[str, Any], paths: Iterable[str]) -> str | None:
    """The first of some paths at which a row holds more than None, blanks or an empty list."""
    return next((path for path in paths if not is_blank(value_at(row, path))), None)


def is_blank(value: Any) -> bool:
    """Whether a value says nothing."""
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        return math.isnan(value)  # what pandas has where there is nothing
    return value is None or value == [] or value == {}


def is_list(value: Any, kind: Any = object) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list, all of one kind."""
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str | bytes)
        and all(isinstance(item, kind) for item in value)
    )
