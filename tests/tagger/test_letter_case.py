"""Searching a text in lower case finds what `re.IGNORECASE` finds."""

from __future__ import annotations

import re
import string
import sys

import pytest

from tagger.letter_case import lower_case

CHANGED = [c for c in map(chr, range(sys.maxunicode + 1)) if {c.lower(), c.upper()} != {c}]
EVERY_LETTER = "1, ".join(CHANGED)
"""Every character that has another case, apart from each other."""


@pytest.mark.parametrize(
    "pattern", [*string.ascii_lowercase, "[a-z]", "[^a-z]", r"\w", r"\b", r"\s", r"\d"]
)
def test_lower_case_of_every_letter_is_found_as_without_regard_to_case(pattern: str) -> None:
    ignoring = [m.span() for m in re.finditer(pattern, EVERY_LETTER, re.IGNORECASE)]
    assert [m.span() for m in re.finditer(pattern, lower_case(EVERY_LETTER))] == ignoring
    assert ignoring
