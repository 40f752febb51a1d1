r"""Formulas and inline code: what a sentence must not be cut inside.

Formulas are ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]``; none holds a blank line or more than
`MAX_CHARS` characters, so that a stray dollar sign cannot swallow the rest of a trace. Inline
code is closed on its line. Fenced code: `tagger.segmentation.blocks`.
"""

from __future__ import annotations

import re

from tagger.segmentation.cutting import BLANK_LINE

WAIT = -1
"""Returned where more text is needed to be certain."""

MAX_CHARS = 2000
"""Longest formula or inline code, in characters."""

_DOLLAR = re.compile(r"(?<!\\)\$")
_AMOUNT = re.compile(r"\$\d[\d,]*(?:\.\d+)?")
_PROSE = re.compile(r"[.,;:!?)]{0,2}\s(?:[A-Z]|[a-z]{2})")
_PROSE_LENGTH = 5


def closed_span(text: str, start: int, final: bool) -> int:
    """Pass over the formula, inline code or escape that begins at `start`.

    Args:
        text: The text so far.
        start: Position of a backslash, dollar sign or backtick.
        final: Whether nothing comes after `text`.

    Returns:
        Where to continue: behind the span, or behind the character if it begins none; `WAIT` if
        that is not known yet.
    """
    following = text[start + 1 : start + 2]
    if not following:
        return start + 1 if final else WAIT
    if text[start] == "\\":
        if following not in "([":
            return start + 2
        close = "\\)" if following == "(" else "\\]"
        return _to_close(text, start, close, final, again=text[start : start + 2])
    if text[start] == "`":
        if following == "`" and len(text) < start + 3 and not final:
            return WAIT
        return _to_close(text, start, "`", final, again="\n")
    if following == "$":
        return _to_close(text, start, "$$", final)
    return _dollars(text, start, final)


def _to_close(text: str, start: int, close: str, final: bool, again: str = "") -> int:
    """Behind the first `close`, if neither `again` nor a blank line nor the limit comes first."""
    opened = 1 if close == "`" else 2
    limit = start + MAX_CHARS
    end = text.find(close, start + opened, limit)
    stop = end if end >= 0 else min(limit, len(text))
    blank = BLANK_LINE.search(text, start, stop)
    other = text.find(again, start + opened, stop) if again else -1
    if blank or other >= 0:
        return start + opened
    if end >= 0:
        return end + len(close)
    return start + opened if final or len(text) >= limit else WAIT


def _dollars(text: str, start: int, final: bool) -> int:
    """``$…$``: as Pandoc has it, no space inside the signs and no digit behind the second."""
    if text[start + 1].isspace():
        return start + 1
    amount = _AMOUNT.match(text, start)
    if amount:
        if len(text) - amount.end() < _PROSE_LENGTH and not final:
            return WAIT
        if _PROSE.match(text, amount.end()):  # "$5 each", "$12.50. He"
            return amount.end()
    limit = start + MAX_CHARS
    close = _DOLLAR.search(text, start + 1, limit)
    stop = close.start() if close else min(limit, len(text))
    if BLANK_LINE.search(text, start, stop):
        return start + 1
    if not close:
        return start + 1 if final or len(text) >= limit else WAIT
    if close.end() == len(text) and not final:
        return WAIT
    outside = text[close.end() : close.end() + 1]
    if text[close.start() - 1].isspace() or outside.isdigit():
        return start + 1
    return close.end()
