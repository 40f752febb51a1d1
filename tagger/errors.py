"""The one exception a user is meant to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Bad input, told in one sentence that names the file, row or key and the remedy.

    The command line prints the sentence and exits with code 2, without a traceback.
    """


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
    folded = [choice.casefold() for choice in choices]
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    hint = f"valid: {', '.join(choices if listed is None else listed)}."
    if near:
        same = [c for c, f in zip(choices, folded, strict=True) if f == near[0]]
        meant = max(same, key=lambda c: difflib.SequenceMatcher(None, name, c).ratio())
        hint = f"did you mean {meant!r}?"
    return UserError(f"Unknown {kind} {name!r}; {hint}")
