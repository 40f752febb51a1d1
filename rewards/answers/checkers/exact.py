"""Text that must be given to the letter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.answers.extract import extract_answer


def check_exact(answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
    """Correct if the answer is the reference, case and punctuation included.

    White space at the ends does not count, and any white space inside is as good as another.

    Args:
        answer: Text behind the closing delimiter: the reference alone, or marked as the answer.
        reference: The text asked for.
        metadata: Not read.
    """
    wanted = reference.split()
    return answer.split() == wanted or extract_answer(answer, numeric=False).split() == wanted
