"""Paragraph segmentation: the law (feeding equals splitting) and what a paragraph is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.segmentation import ParagraphSegmenter, get_segmenter
from tagger.steps import Segmenter, Step

PIECES = st.sampled_from(
    ["\n", "\n\n", "\n \n", "\r\n", "\t", " ", "a", "Wait,", "7 + 5 = 12", "é", "数", "🙂"]
    + ["\u2028", "\u00a0", "e\u0301", "**", "\\]", "x" * 30]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def cut_at(text: str, cuts: list[int]) -> list[str]:
    places = sorted({c % (len(text) + 1) for c in cuts})
    return [text[i:j] for i, j in zip([0, *places], [*places, len(text)], strict=True)]


def stream_all(segmenter: Segmenter, deltas: list[str]) -> list[Step]:
    stream = segmenter.stream()
    steps = [step for delta in deltas for step in stream.feed(delta)]
    return steps + stream.close()


def reference_pieces(text: str) -> list[str]:
    """Paragraphs as a reader would say it: split at blank lines, strip, drop the empty ones."""
    return [p.strip() for p in re.split(r"\n(?:[^\S\n]*\n)+", text) if p.strip()]


@settings(max_examples=120, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=30), st.integers(1, 12))
def test_paragraph_segmenter_feeding_any_cutting_equals_splitting(
    text: str, cuts: list[int], min_chars: int
) -> None:
    segmenter = ParagraphSegmenter(min_chars)
    assert stream_all(segmenter, cut_at(text, cuts)) == segmenter.split(text)


@settings(max_examples=80, deadline=None)
@given(TEXTS)
def test_paragraph_segmenter_feeding_single_characters_equals_the_plain_definition(
    text: str,
) -> None:
    steps = stream_all(ParagraphSegmenter(), list(text))
    assert [s.text for s in steps] == reference_pieces(text)


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.integers(1, 12))
def test_paragraph_segmenter_spans_reproduce_the_thinking(text: str, min_chars: int) -> None:
    steps = ParagraphSegmenter(min_chars).split(text)
    rebuilt, at = "", 0
    for step in steps:
        gap = text[at : step.start]
        assert not gap.strip(), "only white space lies between steps"
        assert step.text == text[step.start : step.end] == step.text.strip() != ""
        rebuilt, at = rebuilt + gap + step.text, step.end
    assert rebuilt + text[at:] == text and not text[at:].strip()
    assert all(len(s.text) >= min_chars for s in steps[:-1])


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=30))
def test_paragraph_segmenter_bytes_of_any_cutting_decoded_on_the_way_give_the_same_steps(
    text: str, cuts: list[int]
) -> None:
    import codecs

    data = text.encode()
    places = sorted({c % (len(data) + 1) for c in cuts})
    decoder = codecs.getincrementaldecoder("utf-8")()
    deltas = [
        decoder.decode(data[i:j]) for i, j in zip([0, *places], [*places, len(data)], strict=True)
    ]
    segmenter = ParagraphSegmenter()
    assert stream_all(segmenter, deltas) == segmenter.split(text)


def test_paragraph_segmenter_step_comes_out_with_its_blank_line_and_not_later() -> None:
    stream = ParagraphSegmenter().stream()
    assert stream.feed("One.\n") == []
    assert stream.feed("\n") == [Step("One.", 0, 4)]
    assert stream.feed("\n\nTwo.") == []
    assert stream.close() == [Step("Two.", 8, 12)]
    assert stream.close() == []


def test_paragraph_segmenter_short_pieces_join_the_next_one_and_a_last_one_stands_alone() -> None:
    steps = ParagraphSegmenter(min_chars=5).split("So,\n\nx = 4 here.\n\nLong enough.\n\nOk.")
    assert [s.text for s in steps] == ["So,\n\nx = 4 here.", "Long enough.", "Ok."]


@pytest.mark.parametrize("text", ["", "\n", " \n\n\t\n ", "\u2028"])
def test_paragraph_segmenter_nothing_but_white_space_has_no_steps(text: str) -> None:
    assert ParagraphSegmenter().split(text) == []


def test_paragraph_segmenter_single_line_breaks_do_not_cut() -> None:
    assert [s.text for s in ParagraphSegmenter().split("a\nb\r\nc")] == ["a\nb\r\nc"]
    assert [s.text for s in ParagraphSegmenter().split("a\r\n\r\nb")] == ["a", "b"]


@pytest.mark.slow
def test_paragraph_segmenter_long_text_takes_linear_time() -> None:
    """A hundred thousand blank lines: one second is fifty times what it takes."""
    import time

    text = "7 + 5 = 12, and " * 4 + "\n\n"
    started = time.thread_time()
    assert len(ParagraphSegmenter().split(text * 100_000)) == 100_000
    assert time.thread_time() - started < 5


def test_paragraph_segmenter_registry_builds_by_name_and_names_the_nearest() -> None:
    built = get_segmenter("paragraph", min_chars=3)
    assert (built.name, built.settings) == ("paragraph", {"min_chars": 3})
    with pytest.raises(UserError, match="did you mean 'paragraph'"):
        get_segmenter("paragraf")
    with pytest.raises(UserError, match="did you mean 'min_chars'"):
        get_segmenter("paragraph", min_char=3)
    with pytest.raises(UserError, match="at least 1"):
        get_segmenter("paragraph", min_chars=0)
