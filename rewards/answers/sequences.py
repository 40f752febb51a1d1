r"""Answers of several parts: ``2, 3``, ``x = 1 or x = 2``, ``(1, 2)``, ``\{1, 2\}``, ``[1, 2)``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEPARATOR = re.compile(
    r"\s*(?:[,;]\s*(?:and|or)\b|[,;]|(?<![a-zA-Z\\])(?:and|or)(?![a-zA-Z])|\\cup(?![a-z])|和|或者?|以及)\s*"
)
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?!,?\d)")
_ANGLED = re.compile(r"\\([lr])angle(?![a-z])")
_ZERO_FIRST = re.compile(r"0\d")
_PLUS_MINUS = re.compile(r"\\pm(?![a-zA-Z])\s*")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Sequence:
    """The parts of an answer.

    Attributes:
        opening: Bracket before them, empty if there is none; ``{`` is a set's.
        closing: Bracket behind them.
        items: The parts.
        union: Whether they are joined as sets are.
    """

    opening: str
    closing: str
    items: tuple[str, ...]
    union: bool = False

    @property
    def ordered(self) -> bool:
        """Whether the order of the parts matters: in brackets other than a set's."""
        return self.opening in ("(", "[")

    @property
    def is_one(self) -> bool:
        """Whether this is a set of one element, which may stand for the element."""
        return self.opening == "{" and len(self.items) == 1

    def fits(self, wanted: Sequence) -> bool:
        """Whether an answer in these brackets may be what is wanted.

        Brackets may be left out, but for an interval's: ``[1, 2)`` says more than ``1, 2``.
        """
        if self.union != wanted.union:
            return False
        if (self.opening, self.closing) == (wanted.opening, wanted.closing):
            return True
        if not self.opening:
            bare = wanted.opening in ("{", "(") and wanted.closing in ("}", ")")
            return bare or wanted._is_list()
        if not wanted.opening:
            pair = (self.opening, self.closing) == ("(", ")")
            return self.opening == "{" or pair or self._is_list()
        return False

    def _is_list(self) -> bool:
        """Whether square brackets hold a list: of two items they may be an interval."""
        return (self.opening, self.closing) == ("[", "]") and len(self.items) > 2


def read_sequence(text: str, grouped: bool = True) -> Sequence | None:
    """Read the parts of an answer.

    Args:
        text: A text that `rewards.answers.plain.plain` made.
        grouped: Whether ``100,200`` is one number with a mark of thousands, and not two.

    Returns:
        The parts; None if the text is one thing, or its brackets do not balance.
    """
    text = _ANGLED.sub(lambda m: "(" if m[1] == "l" else ")", text.strip().rstrip(" .,;\n"))
    if grouped:
        text = _THOUSANDS.sub(lambda m: m[1].replace(",", ""), text)
    parts = _split(text)
    if parts is None:
        return None
    if len(parts) > 1:
        if not grouped and any(_ZERO_FIRST.match(part) for part in parts):
            return None  # 1,000 are no two numbers
        items = tuple(sign for part in parts for sign in _signs(part))
        union = "\\cup" in text
        return Sequence("", "", items, union) if all(parts) else None
    signs = _signs(text) if text[:2] != "\\{" else ()
    if len(signs) > 1:
        return Sequence("", "", signs)
    inner, opening = text, text[:1]
    if text[:2] == "\\{" and text[-2:] == "\\}":
        inner, opening = text[2:-2], "{"
    elif opening in _OPEN and text[-1:] in _CLOSE and opening:
        inner = text[1:-1]
    else:
        return None
    parts = _split(inner)
    if parts is None or not all(parts) or (len(parts) < 2 and opening != "{"):
        return None
    return Sequence(opening, text[-1], tuple(parts) if opening != "{" else _expanded(parts))


def _expanded(parts: list[str]) -> tuple[str, ...]:
    return tuple(sign for part in parts for sign in _signs(part))


def _split(text: str) -> list[str] | None:
    """Parts between separators that stand in no bracket; None if the brackets do not balance."""
    if not any(c in text for c in ",;") and not _SEPARATOR.search(text):
        return [text]
    parts, depth, start = [], 0, 0
    marks = {m.start(): m.end() for m in _SEPARATOR.finditer(text)}
    position = 0
    while position < len(text):
        character = text[position]
        if depth == 0 and position in marks:
            parts.append(text[start:position].strip())
            position = start = marks[position]
            continue
        depth += (character in _OPEN) - (character in _CLOSE)
        if depth < 0:
            return None
        position += 1
    return [*parts, text[start:].strip()] if depth == 0 else None


def _signs(part: str) -> tuple[str, ...]:
    r"""Both values of ``a \pm b``."""
    if len(_PLUS_MINUS.findall(part)) != 1:
        return (part,)
    before, after = _PLUS_MINUS.split(part)
    plus = f"{before}+{after}" if before.strip(" =") else f"{before}{after}"
    return plus, f"{before}-{after}"
