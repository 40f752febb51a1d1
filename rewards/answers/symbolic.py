"""math-verify, asked only about what it reads right and cannot hang on."""

from __future__ import annotations

import re
import threading
from fractions import Fraction
from functools import cache
from typing import Any

from rewards.answers.numbers import exact_value
from rewards.answers.plain import plain

MAX_EXPRESSION = 400
"""Characters an expression may have to be handed to math-verify."""

_SECONDS = 5
_DECIMALS = 12  # floats inside a matrix or an interval: equal to so many places
_TOWER = re.compile(r"(?:\^|\*\*)[^+\-=,;]*(?:\^|\*\*)")
_BIG_POWER = re.compile(r"(?:\^|\*\*)\s*[{(]*\s*[+-]?\d{4,}")
_BIG_POWER_OF_SUM = re.compile(r"[a-zA-Z)}\]]\s*(?:\^|\*\*)\s*[{(]*\s*[+-]?\d{3,}")
_FACTORIAL = re.compile(r"[\w)}]\s*!")
# What math-verify reads as something else: 110_2 as 110, 5' as 5, 3:45 as a ratio, % as 1/100.
_MISREAD = re.compile(r"\d\s*_|'|\d\s*:\s*\d\d|%|\?|\"")

_SIGNS = re.compile(r"[0-9A-Za-z\s+*/^=<>()\[\]{}|.,;:!\\_&~-]*")
_COMMAND = re.compile(r"\\[a-zA-Z]+")
_FUNCTIONS = (
    "arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp|min|max|gcd|lcm|det"
)
_LITTLE_WORDS = "is|it|so|of|as|at|in|on|to|we|an|be|by|or|no|if|he|me"
_WORD = re.compile(
    rf"(?<![a-zA-Z])(?!(?:{_FUNCTIONS}|sqrt|pi|mod|inf|infinity)\b)[a-zA-Z]{{3,}}"
    rf"|(?<![a-zA-Z])(?:{_LITTLE_WORDS})(?![a-zA-Z])"
)
_CODE_WORD = re.compile(
    r"(?=.*[a-zA-Z].*[a-zA-Z])(?:[a-zA-Z]+|[a-zA-Z0-9]*[A-Z][a-zA-Z0-9]*|[a-z]\d\w*)"
)
_TO_LATEX = (
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"<="), r"\\le "),
    (re.compile(r">="), r"\\ge "),
    (re.compile(r"(?<![\\a-zA-Z])(?:infinity|inf|oo)(?![a-zA-Z])"), r"\\infty "),
    (re.compile(r"(?<![\\a-zA-Z])pi(?![a-zA-Z])"), r"\\pi "),
    (re.compile(rf"(?<![\\a-zA-Z])({_FUNCTIONS})(?![a-zA-Z])"), r"\\\1 "),
    (re.compile(r"\s+"), " "),
)


def is_symbolic(text: str) -> bool:
    """Whether a text is mathematics that math-verify may be asked about: no words, no codes.

    It reads every text as a product of letters, so ``AB`` would equal ``BA``, and "Ann sits by
    Tom" would equal "Tom sits by Ann".
    """
    text = plain(text).strip()
    if not text or len(text) > MAX_EXPRESSION or _CODE_WORD.fullmatch(text.replace(" ", "")):
        return False
    if not _SIGNS.fullmatch(text) or can_hang(text) or _MISREAD.search(text):
        return False
    return not _WORD.search(_COMMAND.sub(" ", text.replace("pmatrix", "").replace("bmatrix", "")))


def can_hang(text: str) -> bool:
    """Whether a text holds a power or factorial that would take a computer algebra system ages."""
    return any(p.search(text) for p in (_TOWER, _BIG_POWER, _BIG_POWER_OF_SUM, _FACTORIAL))


def equivalent(answer: str, reference: str) -> bool:
    """Whether math-verify finds two expressions equal; a decimal equals no irrational number.

    Its timers need the main thread; elsewhere the filter of `is_symbolic` alone protects.

    Args:
        answer: The expression given, in LaTeX or as typed.
        reference: The right one.

    Returns:
        False too if either is no mathematics or cannot be read.
    """
    if not (is_symbolic(answer) and is_symbolic(reference)):
        return False
    from math_verify import verify

    gold, given = _parse(reference), _parse(answer)
    if gold is None or given is None:
        return False
    return bool(
        verify(
            gold,
            given,
            float_rounding=_DECIMALS,
            allow_set_relation_comp=True,  # 1 <= x <= 2 is [1, 2]
            timeout_seconds=_timeout(),
        )
    )


def rounds_to(exact: str, rounded: str) -> bool:
    r"""Whether a decimal is what an expression or number comes to, rounded to its last place.

    Args:
        exact: E.g. ``"2\pi"``.
        rounded: E.g. ``"6.28"``.
    """
    wanted, places = exact_value(rounded), len(rounded.strip(" $").partition(".")[2])
    value: Any = exact_value(exact)
    if wanted is None:
        return False
    if value is None:
        parsed = _parse(exact) if is_symbolic(exact) else None
        try:
            value = Fraction(str(parsed.evalf(30))) if parsed is not None else None
        except (AttributeError, TypeError, ValueError):
            return False
    return value is not None and abs(value - wanted) * 2 * 10**places <= 1


def _parse(text: str) -> Any:
    """What math-verify reads, an exact number as a fraction; None if it reads nothing."""
    from math_verify import parse

    value = exact_value(text)
    if value is not None:
        from sympy import Rational

        return Rational(value.numerator, value.denominator)
    text = plain(text).strip().rstrip(" .")
    for pattern, latex in _TO_LATEX:
        text = pattern.sub(latex, text)
    found = parse(
        f"${text}$",
        extraction_config=_extraction(),
        fallback_mode="no_fallback",
        parsing_timeout=_timeout(),
    )
    return found[0] if found else None


@cache
def _extraction() -> list[Any]:
    """LaTeX alone, the whole of it, and no letter dropped because it may be a unit."""
    from latex2sympy2_extended.math_normalization import NormalizationConfig
    from math_verify import LatexExtractionConfig

    rules = NormalizationConfig(malformed_operators=True, nits=True, units=False, boxed="none")
    return [LatexExtractionConfig(normalization_config=rules)]


def _timeout() -> int | None:
    return _SECONDS if threading.current_thread() is threading.main_thread() else None
