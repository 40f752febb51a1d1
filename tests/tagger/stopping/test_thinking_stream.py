"""The law: cutting the thinking out as it comes equals splitting the finished text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.stopping.thinking_stream import ThinkingStream
from tagger.thinking.split import PromptEnd, ThinkingDelimiters, split_thinking

DELIMITERS = ThinkingDelimiters("<think>", "</think>")
PIECES = st.sampled_from(
    ["<think>", "</think>", "<", "</", "<th", "think>", "a", "\n\n", "π", "🙂", " so 3 < 4 ", "<<"]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


def cuttings(text, data):
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    ends = sorted({0, len(text), *places})
    return [text[a:b] for a, b in zip(ends, ends[1:], strict=False)]


def stream_of(text_parts, after=PromptEnd.INSIDE):
    stream = ThinkingStream(DELIMITERS, after)
    thinking = ""
    for part in text_parts:
        delta = stream.feed(part)
        thinking = delta.text if delta.restarted else thinking + delta.text
    return thinking + stream.flush(), stream.closed


@settings(max_examples=120, deadline=None)
@given(TEXTS, st.data())
def test_thinking_stream_feeding_equals_splitting(text, data):
    whole = split_thinking(text, DELIMITERS)
    assert stream_of(cuttings(text, data)) == (whole.text, whole.finished)
    assert stream_of(text) == (whole.text, whole.finished)


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.data())
def test_thinking_stream_without_prefill_thinking_waits_for_its_opening(text, data):
    opened = DELIMITERS.open in text.split(DELIMITERS.close)[0]
    expected = split_thinking(text, DELIMITERS).text if opened else ""
    assert stream_of(cuttings(text, data), after=PromptEnd.BEFORE)[0] == expected


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.data())
def test_thinking_stream_behind_an_empty_thinking_only_the_beginning_may_open_another(text, data):
    expected = split_thinking(text, DELIMITERS, PromptEnd.AFTER).text
    assert stream_of(cuttings(text, data), after=PromptEnd.AFTER)[0] == expected
    assert not expected or text.lstrip().startswith(DELIMITERS.open)


@pytest.mark.parametrize("kept", ["3 < 4", "a </b> c", "<thin air", "</thinking"])
def test_thinking_stream_what_only_looks_like_a_delimiter_is_kept(kept):
    assert stream_of(kept) == (kept, False)


def test_thinking_stream_characters_are_held_back_no_longer_than_they_are_in_doubt():
    stream = ThinkingStream(DELIMITERS)
    assert [stream.feed(c).text for c in "a</thx"] == ["a", "", "", "", "", "</thx"]
    assert stream.inside
    assert stream.feed("b</think> c") == ("b", False, True)
    assert not stream.inside
    assert stream.feed("more") == ("", False, False)
