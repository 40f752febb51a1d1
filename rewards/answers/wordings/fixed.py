"""One wording for what has many: no solution, all real numbers, infinity, a base."""

from __future__ import annotations

import re

from rewards.answers.wordings.number_words import value_in_words

_INFINITE = re.compile(r"\\infty(?![a-z])|(?<![a-zA-Z\\])(?:oo|inf)(?![a-zA-Z])")
_NO_SOLUTION = re.compile(
    r"^\s*(?:there (?:is|are|exists?)|(?:the )?(?:equation|system|problem)s? (?:has|have))?\s*"
    r"no (real |integer )?solutions?(?: exists?)?(?=\W*$)",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"^\s*(?:\\emptyset|\\\{\s*\\\}|(?:the )?empty set)\s*$", re.IGNORECASE)
_REALS = re.compile(
    r"^\s*(?:(?:[a-z]\s*\\in\s*)?(?:\\mathbb\s*\{?R\}?|\\R(?:eals)?|\(\s*-\s*\\infty\s*,\s*\+?\s*\\infty\s*\))"
    r"|(?:(?:the )?set of )?(?:all )?(?:the )?real numbers|all reals)(?=[\s.]*$)",
    re.IGNORECASE,
)
_NO_LIMIT = re.compile(
    r"^\s*(?:the limit |it |limit )?(?:does not exist|doesn't exist|dne|d\.n\.e\.)(?=[\s.]*$)",
    re.IGNORECASE,
)
_DOTS = re.compile(r"\\[lc]?dots[bcmi]?(?![a-z])|\.{3}|…")
_ARTICLE = re.compile(r"^\s*(?:an?|the)\s+(?=[a-z]{3}|\d)", re.IGNORECASE)

_DIGITS = r"\d[0-9A-Z]*(?:\.[0-9A-Z]+)?|[0-9A-F]+"
_IN_BASE = re.compile(
    rf"^\s*(?P<digits>\(\s*(?:{_DIGITS})\s*\)|{_DIGITS})"
    r"(?:\s*_\s*(?:\{\s*)?\(?\s*(?:base[\s-]*)?|\s*\(?\s*(?:in\s+)?base[\s-]*)"
    r"(?P<base>\d{1,2}|[a-z]{3,})\s*\)?(?:\s*\})?[\s.]*$"
)


def fixed_wording(text: str) -> str:
    r"""A text with one wording for fixed expressions.

    Args:
        text: A text that `rewards.answers.plain.plain` made, e.g. ``"DNE"``, ``"all reals"``,
            ``"101_{(2)}"``, ``"101 base two"``.
    """
    text = _INFINITE.sub("infinity", _REALS.sub(r"\\mathbb{R}", text))
    text = _NO_SOLUTION.sub(r"no \1solution", _EMPTY.sub("no solution", text))
    text = _ARTICLE.sub("", _DOTS.sub(r"\\ldots ", _NO_LIMIT.sub("dne", text)))
    return _IN_BASE.sub(_with_base, text)


def _with_base(match: re.Match[str]) -> str:
    """``101_2``, or the text as it is where the base is no number."""
    base = match["base"]
    value = int(base) if base.isdigit() else value_in_words(base)
    return match[0] if value is None else f"{match['digits'].strip('() ')}_{value}"
