"""Letters of multiple choice, in the wordings that models use for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rewards.answers.plain import plain

_REFERENCE = re.compile(r"\(?([A-Z])\)?[.:),]*")
_REFERENCE_WITH_TEXT = re.compile(r"\(([A-J])\)\s*(.+)|([A-J])[):]\s*(.+)", re.DOTALL)

_IN_BRACKETS = re.compile(r"^[\[{]\s*([A-Z])\s*[\]}]$")

_LEAD = (
    r"(?:(?:therefore|thus|hence|so|conclusion)[,:]?\s+)?"
    r"(?:(?:(?:the\s+)?(?:correct\s+|right\s+|best\s+)?(?:option|choice|answer|letter)|选项?)"
    r"\s*(?:is\s+|:\s*)?)?"
)
_ADVERB = r"(?:clearly|therefore|indeed|thus|definitely|obviously|hence)\s+"
_OPTION = re.compile(
    rf"{_LEAD}(?:{_ADVERB})?(?:\(\s?(?P<a>[A-Z])\s?\)(?P<at>[.:,;!]?|[\s.:,;!].*)"  # (B) 42
    r"|(?P<b>[A-Z])(?P<bt>\s?[).:,;!].*|\s?-{1,2}\s.*"  # B. 42, B - 42
    r"|\s*(?:\(.*|[0-9\\$].*|)"
    r"|\s+(?:(?:because|since|as|which|with|for|due|rather|not|but|or|and)\s.*"
    r"|(?:is|must be)\s+(?:the\s+)?(?:correct|right|best|answer)\b.*)))",
    re.DOTALL | re.IGNORECASE,
)
_DENIED = re.compile(
    r"\W*(?:is|are|was|can|cannot|isn't|can't)\b(?!\s+(?:the\s+)?(?:correct|right|best|answer)\b)"
)
_ANOTHER = r"(?!I\s+[a-z])([A-J])(?![\w'])"
_SECOND = re.compile(
    r"^\W*?(?:or|and/or|and|/|&|,|;|\||-{1,2}(?=\W*[A-J]\W*$)|或者?|maybe|perhaps|possibly)(?![a-z])\W*"
    rf"(?:or|maybe|perhaps|possibly)?\W*(?:option|choice)?\W*{_ANOTHER}"
    r"|^\s*\(([A-J])\)"
    r"|\b(?:or|maybe|perhaps|possibly|no|wait|actually|sorry|I\s+mean)[\s,.:]+(?:it\s+(?:is|could\s+be)\s+|even\s+)?"
    r"(?:\(([A-J])\)|(?:option|choice)\s+\(?([A-J])\b|([A-J])(?:[.)]|\s*$))"
)
_NO_MENTION = r"(?<!both )(?<!and )(?<!or )(?<!than )(?<!like )(?<!not )(?<!as )(?<!to )(?<!of )"
"""What an option stands behind where it is spoken of: "(A), unlike (C) which …"."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option's letter and the text given with it, empty if none."""

    letter: str
    text: str = ""


@lru_cache(maxsize=1024)
def reference_option(reference: str) -> Option | None:
    r"""The option that a reference names.

    Args:
        reference: E.g. ``"B"``, ``"(B)"``, ``r"\text{(B)}"``, ``"(B) 42"``, ``"B) 42"``.

    Returns:
        The option, or None if the reference names none.
    """
    bare = _bare(reference)
    if match := _REFERENCE.fullmatch(bare):
        return Option(match[1])
    if match := _REFERENCE_WITH_TEXT.fullmatch(bare):
        return Option(match[1] or match[3], (match[2] or match[4]).strip())
    return None


def read_option(text: str) -> Option | None:
    """Read a text that names one option.

    Args:
        text: E.g. ``"B"``, ``"(B) 42 apples"``, ``"Option B"``, ``"B. 42"``, ``"b)"``.

    Returns:
        The option; None if the text names none, or a second one (``"B or C"``).
    """
    bare = _bare(text)
    match = _OPTION.fullmatch(bare)
    if match is None:
        return None
    if _DENIED.match(match["at"] or match["bt"] or ""):
        return None
    letter, rest = match["a"] or match["b"], (match["at"] or match["bt"] or "")
    text = rest.lstrip(" ).:,-").strip()
    if letter.islower() and text:
        return None  # "a dog"
    second = _SECOND.search(rest)
    if second and next(filter(None, second.groups())) != letter.upper():
        return None
    if _lists_next(letter.upper(), bool(match["a"]), rest):
        return None
    return Option(letter.upper(), text)


def _lists_next(letter: str, in_brackets: bool, rest: str) -> bool:
    """Whether a later option follows in the same form: ``A. 12 B. 13`` is a list of options.

    Behind ``A.`` only the next one does: "A. John F. Kennedy" is no list.
    """
    following, mark = chr(ord(letter) + 1), rest.lstrip()[:1]
    if not in_brackets and mark not in tuple(").:"):
        return False
    later = following if mark == "." and not in_brackets else f"[{following}-Z]"
    form = rf"{_NO_MENTION}\({later}\)" if in_brackets else rf"(?<![\w('-]){later}\{mark}"
    return re.search(rf"{form}\s+(?!is\b|was\b|are\b|would\b)\S", rest) is not None


def _bare(text: str) -> str:
    text = re.sub(r"\s+", " ", plain(text)).strip(" *`\"'$").removesuffix(".").strip(" *`\"'$")
    return _IN_BRACKETS.sub(r"\1", text)
