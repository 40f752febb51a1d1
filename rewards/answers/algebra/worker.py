"""The process that asks math-verify; a program of its own, started by `client`.

A request is one line of JSON on standard input, ``[operation, [text, ...]]``; a reply is one line
on standard output, ``{"value": ...}``. Each request may take `CPU_SECONDS`, then the kernel ends
the process, whatever it computes: Python code cannot interrupt one long operation on huge integers,
and a limit of wall-clock time would cut sound expressions on a busy machine.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

CPU_SECONDS = 5
"""Seconds of processor time that one request may take."""

MEMORY_BYTES = 4 << 30
"""Address space that requests may take, where the system can limit it."""

_DECIMALS = 12  # floats inside a matrix or an interval: equal to so many places
_DIGITS = 30
_FRACTION = re.compile(r"-?\d+(?:/\d+)?")


def compare(answer: str, reference: str) -> bool:
    """Whether math-verify finds two expressions equal; each is LaTeX or an exact fraction."""
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
            timeout_seconds=None,
        )
    )


def decimal(text: str) -> str:
    """The number that an expression comes to, to 30 digits.

    Raises:
        ValueError: It comes to no rational or real number.
    """
    found = str(_parse(text).evalf(_DIGITS))
    Fraction(found)
    return found


OPERATIONS: dict[str, Callable[..., Any]] = {"compare": compare, "decimal": decimal}


def _parse(text: str) -> Any:
    """What math-verify reads, an exact number as a fraction; None if it reads nothing."""
    from math_verify import parse

    if _FRACTION.fullmatch(text):
        from sympy import Rational

        return Rational(text)
    found = parse(
        f"${text}$",
        extraction_config=_extraction(),
        fallback_mode="no_fallback",
        parsing_timeout=None,
    )
    return found[0] if found else None


@cache
def _extraction() -> list[Any]:
    """LaTeX alone, the whole of it, and no letter dropped because it may be a unit."""
    from latex2sympy2_extended.math_normalization import NormalizationConfig
    from math_verify import LatexExtractionConfig

    rules = NormalizationConfig(malformed_operators=True, nits=True, units=False, boxed="none")
    return [LatexExtractionConfig(normalization_config=rules)]


def serve() -> None:
    """Answer requests until standard input ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no reply
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # that its own timers are off
    compare("x + 1", "1 + x")  # loads what is loaded late, before the first request is timed
    _limit_memory()
    _reply(replies, "ready")
    for line in sys.stdin.buffer:
        operation, texts = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        try:
            value = OPERATIONS[operation](*texts)
        except Exception:  # sympy and its parser raise anything; none of it is an equality
            value = None
        signal.setitimer(signal.ITIMER_PROF, 0)
        _reply(replies, value)


def _reply(replies: Any, value: Any) -> None:
    replies.write(json.dumps({"value": value}) + "\n")
    replies.flush()


def _limit_memory() -> None:
    """Limit what is taken from here on; macOS knows no such limit."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY_BYTES
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


if __name__ == "__main__":
    serve()
