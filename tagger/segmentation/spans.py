r"""Formulas and inline code: what a sentence must not be cut inside.

Formulas are ``$…$``, ``$$…$$``, ``\(…\)``, ``\[…\]`` and the environments of formulas and tables,
``\begin{align}…\end{align}``; none holds a blank line or more than `MAX_CHARS` characters, so that
a stray dollar sign cannot swallow the rest of a trace. Inline code is closed on its line. Fenced
code: `tagger.segmentation.blocks`.
"""

from __future__ import annotations

import re

from tagger.segmentation.cutting import BLANK_LINE

WAIT = -1
"""Returned where more text is needed to be certain."""

MAX_CHARS = 2000
"""Longest formula or inline code, in characters."""

ENVIRONMENTS = frozenset(
    [
        *["equation", "align", "aligned", "alignat", "alignedat", "flalign", "eqnarray", "split"],
        *["gather", "gathered", "multline", "multlined", "math", "displaymath", "subequations"],
        *["cases", "dcases", "rcases", "numcases", "array", "subarray", "smallmatrix"],
        *["matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix"],
        *["tabular", "tabularx", "tabulary", "longtable"],
        *["verbatim", "lstlisting", "minted", "tikzpicture", "asy"],
    ]
)
"""Names, without their star, of environments of formulas, tables and code. Others, such as
``proof`` and ``itemize``, hold sentences."""

_BEGIN = "\\begin{"
_LONGEST_NAME = max(map(len, ENVIRONMENTS)) + 1
_AGAIN = {c: re.compile(rf"(?<!\\)\\\{c}") for c in "(["}  # r"\\[2mm]" ends a line
_LINE_BREAK = re.compile(r"\n")
_DOLLAR = re.compile(r"(?<!\\)\$")
_AMOUNT = re.compile(r"\$\d[\d,]*(?:\.\d+)?")
_PROSE = re.compile(r"[.,;:!?)]{0,2}\s(?:[A-Z]|[a-z]{2})")
_PROSE_LENGTH = 5


def closed_span(text: str, start: int, final: bool) -> int:
    """Pass over the formula, environment, inline code or escape that begins at `start`.

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
        if following == "b":
            return _environment(text, start, final)
        if following not in "([":  # of Markdown's break of a line, "\\\n", the line break stays
            return start + (1 if following.isspace() else 2)
        close = "\\)" if following == "(" else "\\]"
        return _to_close(text, start, close, final, _AGAIN[following])
    if text[start] == "`":
        if following == "`" and len(text) < start + 3 and not final:
            return WAIT
        return _to_close(text, start, "`", final, _LINE_BREAK)
    if following == "$":
        return _to_close(text, start, "$$", final)
    return _dollars(text, start, final)


def _to_close(
    text: str, start: int, close: str, final: bool, again: re.Pattern[str] | None = None
) -> int:
    """Behind the first `close`, if neither `again` nor a blank line nor the limit comes first."""
    opened = 1 if close == "`" else 2
    limit = start + MAX_CHARS
    end = text.find(close, start + opened, limit)
    stop = end if end >= 0 else min(limit, len(text))
    blank = BLANK_LINE.search(text, start, stop)
    if blank or (again and again.search(text, start + opened, stop)):
        return start + opened
    if end >= 0:
        return end + len(close)
    return start + opened if final or len(text) >= limit else WAIT


def _environment(text: str, start: int, final: bool) -> int:
    r"""``\begin{NAME}…\end{NAME}`` as a formula, others of the same name inside included."""
    named = start + len(_BEGIN)
    if not _BEGIN.startswith(text[start:named]):
        return start + 2
    brace = text.find("}", named, named + _LONGEST_NAME + 1)
    if brace < 0:
        return start + 2 if final or len(text) > named + _LONGEST_NAME else WAIT
    name = text[named:brace]
    if name.removesuffix("*") not in ENVIRONMENTS:
        return start + 2
    limit = start + MAX_CHARS
    opening, closing = f"{_BEGIN}{name}}}", f"\\end{{{name}}}"
    at, depth = brace + 1, 1
    while (end := text.find(closing, at, limit)) >= 0:
        depth += text.count(opening, at, end) - 1
        at = end + len(closing)
        if depth == 0:
            break
    stop = end if end >= 0 else min(limit, len(text))
    if BLANK_LINE.search(text, start, stop):
        return start + 2
    if end >= 0:
        return at
    return start + 2 if final or len(text) >= limit else WAIT


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
