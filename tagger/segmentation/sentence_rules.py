"""Whether a full stop, question or exclamation mark before white space ends a sentence.

Rules for the prose of reasoning models: much mathematics, "e.g.", factorials, list numbers,
"Hmm... let me", single letters that are points or answers rather than initials. They see the
sentence so far and two characters of what follows, so a decision never waits for more.
"""

from __future__ import annotations

import re

CLOSERS = re.compile(r"""(?:["'”’»」』）)\]}*_]|\\[)\]])*""")
"""Quotes, brackets and Markdown stars that still belong to a sentence after its mark."""

SPACED_MARKS = ".?!…"
"""Marks that end a sentence only before white space; the others (``。``) always do."""

_ALWAYS = frozenset(
    {
        "e.g",
        "i.e",
        "eg",
        "ie",
        "vs",
        "cf",
        "viz",
        "approx",
        "resp",
        "w.r.t",
        "s.t",
        "a.k.a",
        "i.i.d",
        "wlog",
        "w.l.o.g",
        "r.h.s",
        "l.h.s",
    }
)
_TITLES = frozenset({"Dr", "Mr", "Mrs", "Ms", "Prof", "St", "Mt"})
_BEFORE_NUMBERS = frozenset(
    {
        "no",
        "nos",
        "eq",
        "eqs",
        "eqn",
        "eqns",
        "fig",
        "figs",
        "sec",
        "ch",
        "vol",
        "pp",
        "thm",
        "prop",
        "lem",
        "cor",
        "def",
        "ex",
        "ref",
        "art",
        "pt",
    }
)
_WORD = re.compile(r"[^\s(\[{\"'“‘*_]*\Z")
_LABEL = re.compile(
    r"[\s>*_#(\[-]*(?:\d{1,3}|[A-Za-z]|[ivx]{1,4}"
    r"|(?:step|case|part|claim|lemma|theorem|example|method|option|approach|problem|question)"
    r"\s+(?:\d{1,3}|[A-Za-z]|[ivx]{1,4}))",
    re.IGNORECASE,
)
_LOOK_BACK = 40
_GOES_ON = frozenset("=<>+/^|,;:)]}%&~×÷·≤≥≠≈→⇒∈")
"""A sentence does not begin with these: an expression continues."""


def ends_here(
    text: str, begin: int, start: int, end: int, following: str, line_break: bool
) -> bool:
    """Decide about one mark, or several such as ``?!`` and ``...``.

    Args:
        text: The text so far.
        begin: Where the sentence begins.
        start: First mark.
        end: One past the last mark.
        following: The next one or two characters that are not separated from the mark by more
            than white space (the second may be white space itself).
        line_break: Whether a line break lies between.

    Returns:
        Whether the sentence ends with the mark.
    """
    first, second = following[0], following[1:2]
    if first in _GOES_ON:
        return False
    if first in "-–−*" and second.isspace() and not line_break:
        return False  # 3! * 2, 5. - 3
    marks = text[start:end]
    if "…" in marks or ".." in marks:
        return first.isupper() and not (first == "I" and not second.isalpha())
    if "?" in marks:  # "Is it?" he asks.
        quoted = text[end : end + 1] in tuple("\"'”’»")
        return not (quoted and first.islower())
    if "!" in marks:
        if _is_factorial(text, begin, start):
            return line_break or (first.isupper() and second.isalpha())
        return not first.islower()
    return _full_stop(text, begin, start, first, second, line_break)


def _full_stop(
    text: str, begin: int, start: int, first: str, second: str, line_break: bool
) -> bool:
    found = _WORD.search(text, max(begin, start - _LOOK_BACK), start)
    word = found.group() if found else ""
    if word.lower() in _ALWAYS or word in _TITLES:
        return False
    if word.lower() in _BEFORE_NUMBERS and (first.isdigit() or first in "($\\"):
        return False
    if not line_break and _is_label(text, begin, start):
        return False
    return line_break or _may_begin(first, second)


def _may_begin(first: str, second: str) -> bool:
    """Whether a sentence may begin so: not with a lower-case word, but with a variable it may."""
    if not first.islower():
        return True
    return first != "a" and not second.isalpha() and second not in tuple("'’.")


def _is_factorial(text: str, begin: int, start: int) -> bool:
    """Whether an exclamation mark follows a number, a bracket or a variable."""
    before = text[start - 1] if start > begin else ""
    if before.isdigit() or (before and before in ")]}"):
        return True
    alone = start - 2 < begin or not text[start - 2].isalpha()
    return before.isalpha() and alone


def _is_label(text: str, begin: int, start: int) -> bool:
    """Whether the line (or sentence) so far is only a list number or ``Step 2``."""
    line = max(begin, text.rfind("\n", begin, start) + 1)
    return start - line <= _LOOK_BACK and _LABEL.fullmatch(text, line, start) is not None
