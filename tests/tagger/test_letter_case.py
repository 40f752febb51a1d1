"""Searching a text in lower case finds what `re.IGNORECASE` finds."""

from __future__ import annotations

import re
import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.letter_case import lower_case, where_words_begin

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


@given(
    st.lists(
        st.sampled_from(["is", "it is", "its", "this", "éis", "_is", "2is", "is it", " ", "-"])
    )
)
def test_words_are_found_where_no_letter_or_digit_stands_before_them(parts: list[str]) -> None:
    text, words = "".join(parts), ["it is", "its?", "is", "is it", "th?is"]
    plainly = re.compile(rf"=|\b(?:{'|'.join(words)})(?![a-z])")
    fast = re.compile(rf"=|{where_words_begin(words, end='(?![a-z])')}")
    assert [m.span() for m in fast.finditer(text)] == [m.span() for m in plainly.finditer(text)]
