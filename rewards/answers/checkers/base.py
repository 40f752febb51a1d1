"""What an answer checker is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class AnswerChecker(Protocol):
    """Judges the text behind the thinking against a problem's reference."""

    def __call__(self, answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
        """Say whether the answer is correct.

        Args:
            answer: Text behind the closing delimiter.
            reference: The correct answer.
            metadata: What the problem set knows about the problem.
        """
        ...
