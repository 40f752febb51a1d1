"""The segmenter by confidence: steps begin at improbable tokens."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.segmentation import get_segmenter
from tagger.steps import ScoredToken, Segmenter, needs_scores, scored_tokens
from tagger.thinking.token_text import char_ends
from tests.tagger.tokenizers_made_here import byte_level

PIECES = st.sampled_from(
    ["\n\n", " ", "Wait", ",", " 数学", "é", "🙂", " so", "x" * 9, "", "\n", " 12"]
)
TRACES = st.lists(st.tuples(PIECES, st.sampled_from([0.01, 0.2, 0.6, 1.0])), max_size=30)


def tokens_of(pieces: list[tuple[str, float]]) -> tuple[str, list[ScoredToken]]:
    text, tokens = "", []
    for piece, probability in pieces:
        tokens.append(ScoredToken(len(text), len(text) + len(piece), math.log(probability)))
        text += piece
    return text, tokens


def texts(pieces: list[tuple[str, float]], **given: object) -> list[str]:
    text, tokens = tokens_of(pieces)
    return [s.text for s in get_segmenter("confidence", **given).split(text, tokens)]


@settings(max_examples=120, deadline=None)
@given(TRACES, st.lists(st.integers(0, 500), max_size=20), st.integers(1, 8), st.data())
def test_confidence_segmenter_feeding_any_cutting_equals_splitting(
    pieces, cuts, min_chars, data
) -> None:
    """Cuts inside tokens; tokens come with their first character or earlier."""
    text, tokens = tokens_of(pieces)
    segmenter = get_segmenter("confidence", tau=0.3, min_chars=min_chars)
    places = [0, *sorted({c % (len(text) + 1) for c in cuts}), len(text)]
    stream, given_, steps = segmenter.stream(), 0, []
    for i, j in zip(places, places[1:], strict=False):
        due = sum(t.start < j or t.start == t.end <= i for t in tokens)
        now = data.draw(st.integers(max(due, given_), len(tokens)))
        steps += stream.feed(text[i:j], tokens[given_:now])
        given_ = now
    steps += stream.feed("", tokens[given_:]) + stream.close()
    assert steps == segmenter.split(text, tokens)


@settings(max_examples=80, deadline=None)
@given(TRACES)
def test_confidence_segmenter_steps_begin_exactly_at_improbable_tokens(pieces) -> None:
    text, tokens = tokens_of(pieces)
    steps = get_segmenter("confidence", tau=0.3).split(text, tokens)
    points = sorted({t.start for t in tokens if t.logprob < math.log(0.3)})
    ends = [*points, len(text)]
    pieces_ = [text[i:j] for i, j in zip([0, *points], ends, strict=True)]
    assert [s.text for s in steps] == [p.strip() for p in pieces_ if p.strip()]


def test_confidence_segmenter_step_begins_at_a_token_below_tau_and_not_at_tau() -> None:
    pieces = [("It", 0.2), (" is", 0.9), (" 4", 0.3), (".", 1.0), (" Wait", 0.29)]
    assert texts(pieces, tau=0.3) == ["It is 4.", "Wait"]
    assert texts(pieces, tau=0.31) == ["It is", "4.", "Wait"]
    assert texts(pieces, tau=0.31, min_chars=6) == ["It is 4.", "Wait"]


def test_confidence_segmenter_step_comes_out_with_the_token_that_begins_the_next() -> None:
    stream = get_segmenter("confidence", tau=0.5).stream()
    assert stream.feed("It is", [ScoredToken(0, 5, -0.1)]) == []
    assert [s.text for s in stream.feed(" So", [ScoredToken(5, 8, -3.0)])] == ["It is"]
    assert [s.text for s in stream.close()] == ["So"]


def test_confidence_segmenter_tokens_of_a_real_tokenizer_and_characters_of_several_tokens() -> None:
    tokenizer = byte_level()
    text = "It is 数学 🙂. Wait, 4."
    ids = tokenizer.encode(text, add_special_tokens=False)
    decoded, ends = char_ends(tokenizer, ids)
    assert decoded == text and len(ids) > len(text.split())
    point = decoded.index("🙂")
    first = next(i for i, end in enumerate(ends) if end >= point and ends[i] == point)
    for index in (first, first + 1):  # the token before the character ends there; one inside it
        logprobs = [math.log(0.1) if i == index + 1 else 0.0 for i in range(len(ids))]
        steps = get_segmenter("confidence", tau=0.2).split(text, scored_tokens(ends, logprobs))
        assert [s.text for s in steps] == ["It is 数学", "🙂. Wait, 4."]


def test_confidence_segmenter_tokens_are_counted_from_where_the_thinking_begins() -> None:
    found = scored_tokens([7, 10, 12], [0.0, -1.0, -2.0], offset=8)
    assert found == [ScoredToken(0, 2, -1.0), ScoredToken(2, 4, -2.0)]
    with pytest.raises(UserError, match="3 tokens but 1 log-prob"):
        scored_tokens([1, 2, 3], [0.0])


def test_confidence_segmenter_text_alone_is_refused_with_the_remedy() -> None:
    segmenter: Segmenter = get_segmenter("confidence", tau=0.2)
    assert needs_scores(segmenter) and not needs_scores(get_segmenter("paragraph"))
    with pytest.raises(UserError, match="needs the log-probability of every token.*'paragraph'"):
        segmenter.split("It is 4.")
    with pytest.raises(UserError, match="from 2 on have none"):
        segmenter.split("It is 4.", [ScoredToken(0, 2, -1.0)])
    assert segmenter.split("") == []


@pytest.mark.parametrize(
    ("tokens", "told"),
    [
        ([ScoredToken(1, 4, -1.0)], "in order"),
        ([ScoredToken(0, 2, -1.0), ScoredToken(3, 4, -1.0)], "span 3-4"),
        ([ScoredToken(0, 3, -1.0), ScoredToken(3, 2, -1.0)], "span 3-2"),
        ([ScoredToken(0, 4, 0.7)], "natural logarithms"),
        ([ScoredToken(0, 4, math.nan)], "natural logarithms"),
    ],
)
def test_confidence_segmenter_bad_tokens_are_reported(tokens: list[ScoredToken], told: str) -> None:
    with pytest.raises(UserError, match=told):
        get_segmenter("confidence", tau=0.2).split("It 4", tokens)
