"""The exceptions a user is meant to read."""

from __future__ import annotations

import difflib
import signal
from collections.abc import Iterable


class UserError(ValueError):
    """Bad input, reported in one sentence that names the file, row or key and the remedy.

    The command line prints the sentence and exits with `exit_code`, without a traceback.
    """

    exit_code = 2


class Interrupted(KeyboardInterrupt):
    """The user, or the system by a signal, stopped the work; what is done is kept.

    Attributes:
        resume: The command line that resumes; None if there is nothing to resume.
        number: The signal.
    """

    def __init__(self, resume: str | None = None, number: int | None = None) -> None:
        """Say how to resume.

        Args:
            resume: The command line that resumes.
            number: The signal; None is that of Ctrl-C.
        """
        self.resume = resume
        self.number = signal.SIGINT if number is None else number
        how = "." if resume is None else f"; what is done is kept, resume with: {resume}"
        super().__init__(f"interrupted{how}")


def unknown_name(
    kind: str, name: str, known: Iterable[str], listed: Iterable[str] | None = None
) -> UserError:
    """Build the error for a name that no registry or config holds, with the nearest valid one.

    Args:
        kind: What the name stands for, e.g. ``"config key"``.
        name: The name the user gave.
        known: All valid names.
        listed: Those to list where none is near; None lists all.

    Returns:
        The exception, to be raised by the caller.
    """
    choices = sorted(known)
    nearest = max(choices, key=lambda choice: _likeness(name, choice), default=None)
    if nearest is not None and _likeness(name, nearest)[0] >= _NEAR:
        hint = f"did you mean {nearest!r}?"
    else:
        hint = f"valid: {', '.join(choices if listed is None else listed)}."
    return UserError(f"Unknown {kind} {name!r}; {hint}")


_NEAR = 0.65
"""Least likeness of a suggestion: one swap in a name of three letters passes (0.67); below it,
names that merely share some letters are suggested and mislead."""


def _likeness(name: str, choice: str) -> tuple[float, float]:
    """How alike two names are, without and with regard to case; 1 is equal.

    Of dotted keys only what the common sections leave over is compared, or every key of a section
    would resemble every other.
    """
    parts, others = name.split("."), choice.split(".")
    while len(parts) > 1 and len(others) > 1 and parts[0] == others[0]:
        parts, others = parts[1:], others[1:]
    a, b = ".".join(parts), ".".join(others)
    ratio = difflib.SequenceMatcher(None, a.casefold(), b.casefold()).ratio()
    return ratio, difflib.SequenceMatcher(None, a, b).ratio()
