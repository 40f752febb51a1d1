"""The thinking of one sequence, cut out of its text while it is being written."""

from __future__ import annotations

from typing import NamedTuple

from tagger.thinking.split import PromptEnd, ThinkingDelimiters


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
    """Incremental twin of `tagger.thinking.split.split_thinking`.

    Law: for any way of cutting a text into deltas, the text since the last restart, joined over
    all of `feed` and `flush`, equals ``split_thinking(text, delimiters, after).text``. Where the
    prompt did not open the thinking, text before an opening delimiter is passed over, and a text
    without one has no thinking.

    Characters that may be the beginning of a delimiter are held back until it is certain.

    Args:
        delimiters: The strings around the thinking.
        after: Where the prompt left off (`tagger.thinking.split.template_prompt_end` tells).
            Inside the thinking, as chat templates of reasoning models have it, an opening
            delimiter that comes after all restarts the thinking.

    Attributes:
        start: Where the thinking begins, in characters fed.
        closed: Whether it has ended, or can no longer begin.
    """

    def __init__(self, delimiters: ThinkingDelimiters, after: PromptEnd = PromptEnd.INSIDE) -> None:
        self._delimiters, after = delimiters, PromptEnd(after)
        self._firsts = {d[0] for d in (delimiters.open, *delimiters.closes) if d}
        self._inside = after is PromptEnd.INSIDE or delimiters.plain
        self._at_once = after is PromptEnd.AFTER and not delimiters.plain
        self._opened = delimiters.plain
        self._held = ""
        self._fed = 0
        self.start = 0
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
        self._fed += len(delta)
        if self._at_once and not self._opened and not self._may_open(text):
            self.closed, self._held = True, ""
            return _NOTHING
        if not self._held and self._firsts.isdisjoint(text):
            return ThinkingDelta(text) if self._inside else _NOTHING
        restarted = False
        close = self._delimiters.find_close(text)[0]
        if not self._opened:
            open_ = self._delimiters.open
            opening = text.find(open_, 0, close if close >= 0 else len(text))
            if opening >= 0:
                text = text[opening + len(open_) :]
                self.start = self._fed - len(text)
                self._opened = self._inside = restarted = True
                close = self._delimiters.find_close(text)[0]
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

    def _may_open(self, text: str) -> bool:
        """Whether a text behind an empty thinking may still begin a thinking of its own."""
        begun, open_ = text.lstrip(), self._delimiters.open
        return begun.startswith(open_) or open_.startswith(begun)

    def _unsure(self, text: str) -> int:
        """Length of the longest end of the text that may begin a delimiter."""
        wanted = self._delimiters.closes
        if not self._opened:
            wanted = (*wanted, self._delimiters.open)
        for length in range(min(len(text), max(map(len, wanted)) - 1), 0, -1):
            if any(w.startswith(text[-length:]) for w in wanted):
                return length
        return 0
