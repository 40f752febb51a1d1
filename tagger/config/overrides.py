"""Errors of settings that come from a file and the command line: which of the two is to blame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tagger.errors import UserError

R = TypeVar("R")


def build_with_words(
    build: Callable[[Sequence[str], str], R], words: Sequence[str], source: str
) -> R:
    """Build settings; an error that a word of the command line causes names that word.

    A word is to blame if without it there is no such error.

    Args:
        build: Takes the words and what to call their source in errors; raises the same error for
            the same words, and is called again after one.
        words: ``KEY=VALUE`` words of the command line.
        source: What to call everything else, e.g. the config file.

    Raises:
        UserError: As `build`.
    """
    try:
        return build(words, source)
    except UserError as error:
        said = str(error)
        for number, word in reversed(list(enumerate(words))):
            others = [*words[:number], *words[number + 1 :]]
            if _error_of(build, others, source) != said:
                source = f"{word} (command line)"
                break
        else:
            raise
    return build(words, source)


def _error_of(
    build: Callable[[Sequence[str], str], object], words: Sequence[str], source: str
) -> str | None:
    try:
        build(words, source)
    except UserError as error:
        return str(error)
    return None
