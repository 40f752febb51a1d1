r"""Fenced code and rows of tables: what a sentence must not be cut inside, line by line.

A fenced block runs to its closing fence, or to the end of the text (CommonMark), but over no more
than `MAX_FENCE` characters: a fence that nobody closed would hold all the rest of a trace.
"""

from __future__ import annotations

import re

from tagger.segmentation.spans import MAX_CHARS, WAIT

MAX_FENCE = 8000
"""Longest fenced block, in characters: some 200 lines of a program, and many times what
reasoning models write between two fences (428 characters at most in 4,388 traces). A longer one
counts as not opened, so that its sentences end as others do; its closing fence closes it all the
same."""

BLOCK_FIRST = frozenset("|~")
"""What a line begins with that may be a row or a fence of tildes."""

TILDES = "~~~"
_TILDES_CLOSE = re.compile(r"\n[^\S\n]*~~~")
_BAR = re.compile(r"(?<!\\)\|")
_FIRST_CELL = r"\|[^\s|](?:[^|]*[^\s|])?\|"  # without blanks at its ends
_NO_ROW = re.compile(rf"\|\||{_FIRST_CELL}\s*(?:[.,;:!?=<>≤≥≠≈+\-−·×/^²³)\]}}]|\*[^*])")
"""``||v||``, ``|x| = 2``, ``|x|, |y|``: how lines with norms and absolute values begin."""
_VALUES = re.compile(rf"{_FIRST_CELL}\s.*[^\s|]\|")
"""``|x| is the same as |y|``."""


def code_fence(text: str, start: int, final: bool) -> int:
    """Pass over the fenced code block that begins at `start`.

    Args:
        text: The text so far.
        start: Position of the three backticks or, at the beginning of a line, tildes.
        final: Whether nothing comes after `text`.

    Returns:
        Where to continue: behind the block, or behind the opening fence if `MAX_FENCE` comes
        first; `WAIT` if that is not known yet.
    """
    limit = start + MAX_FENCE
    if text[start] == "`":
        at = text.find("```", start + 3, limit)
        end = at + 3 if at >= 0 else -1
    else:
        close = _TILDES_CLOSE.search(text, start + 3, limit)
        end = close.end() if close else -1
    if end >= 0:
        return end
    if len(text) >= limit:
        return start + 3
    return len(text) if final else WAIT


def may_close(text: str, start: int, final: bool) -> bool | None:
    """Whether a fence at `start` may close a block: nothing follows it on its line (CommonMark).

    Returns:
        None if that is not known yet.
    """
    end = text.find("\n", start)
    line = text[start:] if end < 0 else text[start:end]
    if line.lstrip(text[start]).strip():
        return False
    return True if end >= 0 or final else None


def block_line(text: str, start: int, final: bool) -> int:
    """Pass over what begins at `start`, the first character of a line that is not blank.

    Args:
        text: The text so far.
        start: Position of a character of `BLOCK_FIRST`.
        final: Whether nothing comes after `text`.

    Returns:
        Where to continue: at the end of the row, or at `start` if the line is none; `WAIT` if it
        is not known yet whether it is a row, or a fence of tildes.
    """
    if text[start] == "|":
        return _row(text, start, final)
    begun = len(text) < start + 3 and text.count("~", start) == len(text) - start
    return WAIT if begun and not final else start


def _row(text: str, start: int, final: bool) -> int:
    """A line is known to be a row when it ends; one of `MAX_CHARS` is none, so waiting ends."""
    limit = start + MAX_CHARS
    end = text.find("\n", start, limit)
    if end < 0:
        if len(text) >= limit or _NO_ROW.match(text, start):
            return start
        if not final:
            return WAIT
        end = len(text)
    line = text[start:end].rstrip()
    if not line.endswith("|") or line.endswith("\\|") or len(_BAR.findall(line)) < 3:
        return start
    return start if _NO_ROW.match(line) or _VALUES.fullmatch(line) else end
