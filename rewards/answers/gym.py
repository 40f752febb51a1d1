"""The scorers of reasoning-gym's data sets, kept from running code and from hanging."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from rewards.answers.algebra.hanging import can_hang

_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
_FUNCTIONS = frozenset(
    ["sin", "cos", "tan", "cot", "sec", "csc", "exp", "log", "ln", "sqrt", "abs", "max", "min"]
)
_EVALUATE_LISTS = frozenset(
    ["string_insertion", "spiral_matrix", "binary_matrix", "number_sorting"]
)
_NO_LIST = re.compile(r"[^\w\s,.\[\]\"'+-]")


def is_gym_row(metadata: Mapping[str, Any]) -> bool:
    """Whether a problem is reasoning-gym's and there is a scorer for it.

    Args:
        metadata: reasoning-gym's own carries both ``source_dataset``, the name of one of its data
            sets, and ``source_index``; a name alone proves nothing, since many files have such a
            column.
    """
    name, index = metadata.get("source_dataset"), metadata.get("source_index")
    if not isinstance(name, str) or not isinstance(index, int) or isinstance(index, bool):
        return False
    return name in _EMBEDDED or _scorer(name) is not None


def full_marks(answer: str, reference: str, metadata: Mapping[str, Any]) -> bool | None:
    """Whether the scorer of a problem's data set gives full marks.

    Args:
        answer: The extracted answer.
        reference: The correct answer.
        metadata: That of a row for which `is_gym_row` holds.

    Returns:
        None if it cannot be asked: the metadata lack what it needs, or it evaluates texts and this
        one could call anything or hang it.
    """
    name = str(metadata["source_dataset"])
    if name in _EMBEDDED:
        return _EMBEDDED[name](answer, reference)
    if not (_is_harmless(answer, name) and _is_harmless(reference, name)):
        return None
    entry = {"question": "", "answer": reference, "metadata": dict(metadata)}
    try:
        return float(_scorer(name).score_answer(answer, entry)) >= 1.0
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None


def _is_harmless(text: str, name: str) -> bool:
    if name in _EVALUATE_LISTS and _NO_LIST.search(text):
        return False
    calls = (match[1] for match in _CALL.finditer(text))
    return "__" not in text and not can_hang(text) and all(call in _FUNCTIONS for call in calls)


def _same_text(answer: str, reference: str) -> bool:
    return answer == reference


def _same_decimal(answer: str, reference: str) -> bool:
    """Equal as text or as decimal numbers: sign, leading zeros and thousands commas are no harm."""
    try:
        return Decimal(answer.replace(",", "")) == Decimal(reference.replace(",", ""))
    except InvalidOperation:
        return answer == reference


_EMBEDDED = {
    "chain_sum": _same_decimal,
    "leg_counting": _same_text,
    "basic_arithmetic": _same_text,
}
"""Full marks of the data sets that the embedded overthinker's problems come from, as reasoning-gym
0.1.25 gives them; the package itself is optional, for it needs a C compiler."""


@cache
def _scorer(name: str) -> Any:
    """The package's data set of that name; None if it has none or is not installed."""
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError:
        return None
    return reasoning_gym.create_dataset(name, size=1, seed=0) if name in DATASETS else None
