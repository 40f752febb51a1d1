"""The thinking of one sequence, cut out of its text while it is being written."""

from __future__ import annotations

from typing import NamedTuple

from tagger.thinking import ThinkingDelimiters


class ThinkingDelta(NamedTuple):
    """What a piece of text added to the thinking.

    Attributes:
        text: Characters of the thinking that are now certain.
        restarted: The thinking began (anew) with `text`: what came before was not part of it.
        closed: The thinking ended with `text`.
    """

    text: str
    restarted: bool = False
    closed: bool = False


_NOTHING = ThinkingDelta("")


class ThinkingStream:
    """Incremental twin of `tagger.thinking.split_thinking`.

    Law: for any way of cutting a text into deltas, the text since the last restart, joined over
    all of `feed` and `flush`, equals ``split_thinking(text).text``. Not prefilled, text before an
    opening delimiter is passed over, and a text without one has no thinking.

    Characters that may be the beginning of a delimiter are held back until it is certain.

    Args:
        delimiters: The strings around the thinking.
        prefilled: Whether the prompt ends inside the thinking, as chat templates of reasoning
            models have it. An opening delimiter that comes after all then restarts the thinking.
    """

    def __init__(self, delimiters: ThinkingDelimiters, prefilled: bool = True) -> None:
        self._open, self._close = delimiters.open, delimiters.close
        self._inside = prefilled
        self._opened = False
        self._held = ""
        self.closed = False

    @property
    def inside(self) -> bool:
        """Whether the thinking has begun and has not ended."""
        return self._inside and not self.closed

    def feed(self, delta: str) -> ThinkingDelta:
        """Take the next characters."""
        if self.closed:
            return _NOTHING
        text = self._held + delta
        if not self._held and self._close[0] not in text and self._open[0] not in text:
            return ThinkingDelta(text) if self._inside else _NOTHING
        restarted = False
        close = text.find(self._close)
        if not self._opened:
            opening = text.find(self._open, 0, close if close >= 0 else len(text))
            if opening >= 0:
                text = text[opening + len(self._open) :]
                self._opened = self._inside = restarted = True
                close = text.find(self._close)
        if close >= 0:
            self.closed, self._held, sure = True, "", text[:close]
        else:
            cut = len(text) - self._unsure(text)
            sure, self._held = text[:cut], text[cut:]
        return ThinkingDelta(sure, restarted, self.closed) if self._inside else _NOTHING

    def flush(self) -> str:
        """End the text; return the characters of the thinking that were held back."""
        rest, self._held = self._held, ""
        return rest if self.inside else ""

    def _unsure(self, text: str) -> int:
        """Length of the longest end of the text that may begin a delimiter."""
        wanted = (self._close,) if self._opened else (self._close, self._open)
        for length in range(min(len(text), max(map(len, wanted)) - 1), 0, -1):
            if any(w.startswith(text[-length:]) for w in wanted):
                return length
        return 0
