"""Cutting while the text is being written: what all segmenters share.

A scanner says where one piece ends and the next begins; `CutStream` makes steps of the pieces:
no white space at their ends, short ones joined to the next, spans counted in the whole thinking.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol

from annotated_types import Ge

from tagger.config.settings import Settings
from tagger.steps import Step

BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
"""Two line breaks with nothing but white space between them."""

_HALF_BLANK_LINE = re.compile(r"\n[^\S\n]*\Z")
_BLANKS = re.compile(r"[^\S\n]*")


class Cut(NamedTuple):
    """A place where a piece ends and the next one begins.

    Attributes:
        end: One past the last character of the piece that ends.
        begin: First character of the next one; what lies between is white space.
    """

    end: int
    begin: int


class Scanner(Protocol):
    """Finds the cuts of one trace, in order, each as soon as it is certain.

    Law: what it answers for the beginning of a text is what it would answer for the whole.
    """

    def next_cut(self, text: str, final: bool) -> Cut | None:
        """Find the next cut.

        Args:
            text: All characters since the last `drop`; only ever longer than before.
            final: Whether nothing comes after `text`.

        Returns:
            The cut, or None if there is none or more text is needed to be certain.
        """
        ...

    def drop(self, count: int) -> None:
        """Count positions from `count` characters later on: the caller forgot what was before."""
        ...


class CutStream:
    """Makes steps of the pieces a scanner finds, for one trace.

    Args:
        scanner: A fresh scanner.
        min_chars: Pieces shorter than this join the next one, with what stands between them.
    """

    def __init__(self, scanner: Scanner, min_chars: int) -> None:
        self._scanner = scanner
        self._min_chars = min_chars
        self._text = ""  # what is not yet yielded
        self._offset = 0  # where `_text` begins in the thinking
        self._piece = 0  # where the open piece begins in `_text`
        self._held: tuple[int, int] | None = None  # span in `_text` of pieces still too short

    def feed(self, delta: str) -> list[Step]:
        """Take the next characters; return the steps they completed."""
        # While no other name holds the string, CPython appends in place: a long step then costs
        # what its length does, not the square of it.
        text, self._text = self._text, ""
        text += delta
        self._text = text
        return self._cut(final=False)

    def close(self) -> list[Step]:
        """End the text; return the steps that were still open."""
        steps = self._cut(final=True)
        self._end_piece(len(self._text))
        self._piece = len(self._text)
        return [*steps, self._take_held()] if self._held else steps

    def _cut(self, final: bool) -> list[Step]:
        steps: list[Step] = []
        while cut := self._scanner.next_cut(self._text, final):
            self._end_piece(cut.end)
            self._piece = cut.begin
            if self._held and self._held[1] - self._held[0] >= self._min_chars:
                steps.append(self._take_held())
        self._drop(self._held[0] if self._held else self._piece)
        return steps

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
            self._scanner.drop(count)
            if self._held:
                self._held = (self._held[0] - count, self._held[1] - count)


class BlankLineScanner:
    """Cuts at blank lines, all of them or those that a condition picks.

    Args:
        wanted: Called with the text, where the open piece begins and where the blank line does;
            whether to cut there. None cuts at every blank line.
    """

    def __init__(self, wanted: Callable[[str, int, int], bool] | None = None) -> None:
        self._wanted = wanted
        self._begin = 0  # where the open piece begins
        self._scanned = 0  # no blank line begins between the last one and here
        self._read = 0  # nothing but blanks lies between a line break at `_scanned` and here

    def next_cut(self, text: str, final: bool) -> Cut | None:
        """Find the next blank line to cut at; it is certain with its last character."""
        if self._read > self._scanned:  # endless blanks are read once, not with every delta
            blanks = _BLANKS.match(text, self._read)
            self._read = blanks.end() if blanks else self._read
            if self._read == len(text):
                return None
            if text[self._read] != "\n":
                self._scanned = self._read
            self._read = 0
        while blank := BLANK_LINE.search(text, self._scanned):
            self._scanned = blank.end()
            if self._wanted is None or self._wanted(text, self._begin, blank.start()):
                self._begin = blank.end()
                return Cut(blank.start(), blank.end())
        half = _HALF_BLANK_LINE.search(text, self._scanned)
        self._scanned = half.start() if half else len(text)
        self._read = len(text) if half else 0
        return None

    def drop(self, count: int) -> None:
        """Count positions from `count` characters later on."""
        self._begin -= count
        self._scanned -= count
        self._read = max(0, self._read - count)


@dataclass(frozen=True)
class CutSegmenter(Settings, ABC):
    """A segmenter whose steps are the pieces between the cuts of a scanner.

    Attributes:
        min_chars: Pieces shorter than this many characters join the next one.

    Raises:
        UserError: `min_chars` is not a whole number of at least 1.
    """

    KEY: ClassVar[str] = "setting"

    min_chars: Annotated[int, Ge(1)] = 1
    name: ClassVar[str]
    version: ClassVar[int] = 1

    @property
    def settings(self) -> dict[str, Any]:
        """Settings by name, as `get_segmenter` takes them."""
        return {"min_chars": self.min_chars}

    @abstractmethod
    def scanner(self) -> Scanner:
        """What finds the cuts of one trace."""

    def split(self, text: str) -> list[Step]:
        """Cut a finished text."""
        stream = self.stream()
        return stream.feed(text) + stream.close()

    def stream(self) -> CutStream:
        """Start cutting a text that is still being written."""
        return CutStream(self.scanner(), self.min_chars)
