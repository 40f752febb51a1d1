"""Paragraphs of a written trace, parts of which are read but not learned."""

from __future__ import annotations

import random
from collections.abc import Sequence

from rl.overthinker.traces import Trace

Piece = str | tuple[str]
"""Text that is learned, or, in a tuple, text that is read only."""


class Paragraphs:
    """Collects the paragraphs of one trace.

    Args:
        rng: Chooses among wordings.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._steps: list[tuple[str, str]] = []
        self._unlearned: list[tuple[int, int]] = []
        self._length = 0

    def say(self, tag: str, *wordings: str | Sequence[Piece]) -> None:
        """Add a paragraph of a type, in one of several wordings."""
        chosen = self.rng.choice(wordings)
        text = ""
        for piece in [chosen] if isinstance(chosen, str) else chosen:
            start = self._length + len(text)
            if isinstance(piece, tuple):
                (piece,) = piece
                self._unlearned.append((start, start + len(piece)))
            text += piece
        self._steps.append((text, tag))
        self._length += len(text) + len("\n\n")

    def doubt(self) -> None:
        """Add self-talk."""
        self.say("META", "Hmm, am I sure?", "Wait.", "Hold on a moment.", "Am I too quick?")

    def confirm(self, answer: int | str) -> None:
        """Add an empty confirmation."""
        self.say(
            "VERIFY",
            f"Everything fits, {answer} looks right.",
            f"I see no mistake, {answer} holds.",
        )

    def opener(self) -> str:
        """How a verification begins."""
        return self.rng.choice(
            (
                "Let me double-check",
                "Let me verify this",
                "Checking again",
                "Let me go over it once more",
                "I will recompute to be safe",
            )
        )

    def trace(self, answer: int | str, first_answer: int | str, rounds: int) -> Trace:
        """The paragraphs as a trace."""
        return Trace(tuple(self._steps), answer, first_answer, rounds, tuple(self._unlearned))
