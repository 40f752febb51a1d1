"""Steps are paragraphs: what stands between blank lines.

A blank line is two line breaks with nothing but white space between them. A step carries no white
space at its ends. A piece shorter than `min_chars` joins the piece after it, blank line included;
if none follows it stands alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from tagger.errors import UserError
from tagger.steps import Step

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_HALF_BLANK_LINE = re.compile(r"\n[^\S\n]*\Z")


class ParagraphStream:
    """Cuts one trace into paragraphs while it is being written.

    A step is yielded with the very character that completes its blank line, before the next
    step begins.

    Args:
        min_chars: Pieces shorter than this join the next one.
    """

    def __init__(self, min_chars: int) -> None:
        self._min_chars = min_chars
        self._text = ""  # what is not yet yielded
        self._offset = 0  # where `_text` begins in the thinking
        self._piece = 0  # where the open piece begins in `_text`
        self._scanned = 0  # no blank line begins between `_piece` and here
        self._held: tuple[int, int] | None = None  # span in `_text` of pieces still too short

    def feed(self, delta: str) -> list[Step]:
        """Take the next characters; return the steps they completed."""
        self._text += delta
        steps: list[Step] = []
        while blank := _BLANK_LINE.search(self._text, self._scanned):
            self._end_piece(blank.start())
            self._piece = self._scanned = blank.end()
            if self._held and self._held[1] - self._held[0] >= self._min_chars:
                steps.append(self._take_held())
        half = _HALF_BLANK_LINE.search(self._text, self._scanned)
        self._scanned = half.start() if half else len(self._text)
        self._drop(self._held[0] if self._held else self._piece)
        return steps

    def close(self) -> list[Step]:
        """End the text; return the step that was still open, if any."""
        self._end_piece(len(self._text))
        self._piece = self._scanned = len(self._text)
        return [self._take_held()] if self._held else []

    def _end_piece(self, end: int) -> None:
        """Add the open piece, stripped, to the held span; an empty one changes nothing."""
        piece = self._text[self._piece : end]
        stripped = piece.lstrip()
        if stripped:
            start = self._piece + len(piece) - len(stripped)
            stop = start + len(stripped.rstrip())
            self._held = (self._held[0] if self._held else start, stop)

    def _take_held(self) -> Step:
        assert self._held is not None
        start, end = self._held
        self._held = None
        return Step(self._text[start:end], self._offset + start, self._offset + end)

    def _drop(self, count: int) -> None:
        """Forget characters that no later step needs."""
        if count:
            self._text = self._text[count:]
            self._offset += count
            self._piece -= count
            self._scanned -= count
            if self._held:
                self._held = (self._held[0] - count, self._held[1] - count)


@dataclass(frozen=True)
class ParagraphSegmenter:
    """Steps are paragraphs.

    Attributes:
        min_chars: Pieces shorter than this many characters join the next one. The default, 1,
            makes every non-empty paragraph a step, as the ReasonType labels are cut.

    Raises:
        UserError: `min_chars` is not a whole number of at least 1.
    """

    min_chars: int = 1
    name: ClassVar[str] = "paragraph"

    def __post_init__(self) -> None:
        if not isinstance(self.min_chars, int) or self.min_chars < 1:
            raise UserError(
                f"min_chars of segmenter 'paragraph' is {self.min_chars!r}; "
                "it must be a whole number of at least 1."
            )

    @property
    def settings(self) -> dict[str, Any]:
        """Settings by name, as `get_segmenter` takes them."""
        return {"min_chars": self.min_chars}

    def split(self, text: str) -> list[Step]:
        """Cut a finished text."""
        stream = self.stream()
        return stream.feed(text) + stream.close()

    def stream(self) -> ParagraphStream:
        """Start cutting a text that is still being written."""
        return ParagraphStream(self.min_chars)
