"""math-verify, asked only about what it reads right and cannot hang on."""

from __future__ import annotations

import re
from fractions import Fraction

from rewards.answers.algebra.hanging import can_hang
from rewards.answers.numbers import exact_value
from rewards.answers.plain import plain

MAX_EXPRESSION = 400
"""Characters an expression may have to be handed to math-verify."""

# What math-verify reads as something else: 110_2 as 110, 5' as 5, 3:45 as a ratio, % as 1/100,
# 4\ldots as 4, A^T as A.
_MISREAD = re.compile(
    r"\d\s*_|'|\d\s*:\s*\d\d|%|\?|\"|\\[lc]?dots|\^\s*\{?\s*(?:T(?![a-z])|\\(?:top|intercal)\b)"
)

_SIGNS = re.compile(r"[0-9A-Za-z\s+*/^=<>()\[\]{}|.,;:!\\_&~-]*")
_COMMAND = re.compile(r"\\[a-zA-Z]+")
_FUNCTIONS = (
    "arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp|min|max|gcd|lcm|det"
)
_LITTLE_WORDS = "is|it|so|of|as|at|in|on|to|we|an|be|by|or|no|if|he|me"
_WORD = re.compile(
    rf"(?<![a-zA-Z])(?!(?:{_FUNCTIONS}|sqrt|pi|mod|inf|infinity)\b)[a-zA-Z]{{3,}}"
    rf"|(?<![a-zA-Z])(?:{_LITTLE_WORDS}|{_LITTLE_WORDS.title()})(?![a-zA-Z])"
)
_CODE_WORD = re.compile(
    r"(?=.*[a-zA-Z].*[a-zA-Z])(?:[a-zA-Z]+|[a-zA-Z0-9]*[A-Z][a-zA-Z0-9]*|[a-z]\d\w*)"
)
_TO_LATEX = (
    (re.compile(r"(?<=\d)\s*\(\s*(\d+)\s*/\s*(\d+)\s*\)"), r" \\cdot \\frac{\1}{\2} "),  # not mixed
    (re.compile(r"(\\sqrt\s*\[[^\[\]]*\])\s*(\w)"), r"\1{\2}"),
    (re.compile(r"\\sqrt\s*(\\frac\s*(?:\d\d|\{[^{}]*\}\s*\{[^{}]*\}))"), r"\\sqrt{\1}"),
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


def equivalent(answer: str, reference: str) -> bool:
    """Whether math-verify finds two expressions equal; a decimal equals no irrational number.

    It is asked in a process of its own, with a limit of processor time, from any thread.

    Args:
        answer: The expression given, in LaTeX or as typed.
        reference: The right one.

    Returns:
        False too if either is no mathematics or cannot be read.
    """
    if not (is_symbolic(answer) and is_symbolic(reference)):
        return False
    from rewards.answers.algebra import ask

    return bool(ask("compare", _latex(answer), _latex(reference)))


def rounds_to(exact: str, rounded: str) -> bool:
    r"""Whether a decimal is what an expression or number comes to, rounded to its last place.

    Args:
        exact: E.g. ``"2\pi"``.
        rounded: E.g. ``"6.28"``.
    """
    wanted, places = exact_value(rounded), len(rounded.strip(" $").partition(".")[2])
    value = numeric_value(exact)
    if wanted is None or value is None:
        return False
    half_a_place = Fraction(1, 2 * 10**places)
    return abs(value - wanted) <= half_a_place


def numeric_value(text: str) -> Fraction | None:
    r"""Value of a number or of an expression without variables, this one to 30 digits.

    Args:
        text: E.g. ``"3/4"``, ``"2\pi"``, ``r"\frac{\sqrt{3}}{2}"``.

    Returns:
        None if it is neither.
    """
    value = exact_value(text)
    if value is not None or not is_symbolic(text):
        return value
    from rewards.answers.algebra import ask

    found = ask("decimal", _latex(text))
    return None if found is None else Fraction(found)


def _latex(text: str) -> str:
    """An expression in LaTeX; an exact number as a fraction."""
    value = exact_value(text)
    if value is not None:
        return str(value)
    text = plain(text).strip().rstrip(" .")
    for pattern, latex in _TO_LATEX:
        text = pattern.sub(latex, text)
    return text
