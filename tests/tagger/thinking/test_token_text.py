"""Token ids to text: streaming equals decoding, and every character belongs to one token."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.thinking.token_text import TokenText, char_ends
from tests.tagger.tokenizers_made_here import byte_fallback, byte_level, from_gguf

TEXTS = st.text(
    st.sampled_from("a7+= \n.é数🙂🙃ß—ж\u0301") | st.characters(exclude_categories=("Cs",)),
    max_size=40,
)
KINDS = pytest.mark.parametrize("make", [byte_level, byte_fallback])


def decoded(tokenizer: Any, ids: list[int]) -> str:
    silent = {tokenizer.eos_token_id, tokenizer.pad_token_id}
    kept = [i for i in ids if i not in silent]
    return str(
        tokenizer.decode(kept, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    )


def streamed(tokenizer: Any, ids: list[int]) -> tuple[str, list[str]]:
    stream = TokenText(tokenizer)
    deltas = [stream.feed(i) for i in ids]
    return "".join(deltas) + stream.flush(), deltas


@KINDS
@settings(max_examples=80, deadline=None)
@given(text=TEXTS)
def test_streaming_a_text_gives_it_back_whole(make: Any, text: str) -> None:
    tokenizer = make()
    ids = tokenizer.encode(text, add_special_tokens=False)
    whole, deltas = streamed(tokenizer, ids)
    assert whole == decoded(tokenizer, ids)
    if "\ufffd" not in text:
        assert not any("\ufffd" in d for d in deltas), "half a character was shown"


@settings(max_examples=100, deadline=None)
@given(ids=st.lists(st.integers(0, 330), max_size=25))
def test_any_ids_stream_to_what_decode_says_broken_bytes_included(ids: list[int]) -> None:
    tokenizer = byte_level()
    whole, deltas = streamed(tokenizer, ids)
    assert whole == decoded(tokenizer, ids)
    text, ends = char_ends(tokenizer, ids)
    assert text == whole
    assert len(ends) == len(ids) and ends == sorted(ends)
    lengths = [len("".join(deltas[: i + 1])) for i in range(len(ids))]
    assert ends[:-1] == lengths[:-1]
    assert not ids or ends[-1] == len(text)


@KINDS
def test_char_ends_count_whole_characters_only(make: Any) -> None:
    tokenizer = make()
    ids = tokenizer.encode("7 + 5 🙂 数", add_special_tokens=False)
    text, ends = char_ends(tokenizer, ids)
    assert text == decoded(tokenizer, ids)
    stream = TokenText(tokenizer)
    seen = 0
    for token_id, end in zip(ids, ends, strict=True):
        seen += len(stream.feed(token_id))
        assert end == seen
    assert ends[-1] == len(text)


def test_a_smiley_comes_out_with_its_last_byte() -> None:
    tokenizer = byte_level()
    ids = tokenizer.encode("🙃", add_special_tokens=False)
    whole, deltas = streamed(tokenizer, ids)
    assert whole.endswith("🙃") and len(ids) > 1
    assert deltas[:-1] == [""] * (len(ids) - 1)


@KINDS
def test_end_and_pad_are_silent_and_other_special_tokens_are_kept(make: Any) -> None:
    tokenizer = make()
    ids = tokenizer.encode("<think>7</think><|odd one|>", add_special_tokens=False)
    ids += [tokenizer.eos_token_id, tokenizer.pad_token_id]
    text, ends = char_ends(tokenizer, ids)
    assert text == "<think>7</think><|odd one|>"
    assert ends[-3:] == [len(text)] * 3
    assert streamed(tokenizer, ids)[0] == text


@KINDS
def test_a_sequence_that_ends_in_half_a_character_shows_it_at_the_flush(make: Any) -> None:
    tokenizer = make()
    ids = tokenizer.encode("a🙃", add_special_tokens=False)[:-1]
    stream = TokenText(tokenizer)
    shown = "".join(stream.feed(i) for i in ids)
    assert shown == "a"
    assert shown + stream.flush() == decoded(tokenizer, ids)
    assert stream.flush() == ""
    assert char_ends(tokenizer, ids)[1][-1] == len(decoded(tokenizer, ids))


def test_no_ids_no_text() -> None:
    assert char_ends(byte_level(), []) == ("", [])
    assert char_ends(byte_fallback(), []) == ("", [])


@settings(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_char_ends_behind_other_decoders_are_those_of_the_byte_level_tokenizer(text: str) -> None:
    ids = byte_level().encode(text, add_special_tokens=False)
    if "\ufffd" not in text:
        assert char_ends(from_gguf(), ids) == char_ends(byte_level(), ids)


@settings(max_examples=150, deadline=None)
@given(ids=st.lists(st.integers(0, 330), max_size=12))
def test_any_ids_of_a_gguf_file_are_read_as_decode_has_them(ids: list[int]) -> None:
    text, ends = char_ends(from_gguf(), ids)
    assert text == decoded(from_gguf(), ids)
    assert len(ends) == len(ids) and ends == sorted(ends) and (not ids or ends[-1] == len(text))


@settings(max_examples=80, deadline=None)
@given(ids=st.lists(st.integers(0, 330), max_size=25), text=TEXTS)
def test_char_ends_of_pieces_are_those_of_the_stream(ids: list[int], text: str) -> None:
    tokenizer = byte_fallback()
    for some in (ids, tokenizer.encode(text, add_special_tokens=False)):
        whole, deltas = streamed(tokenizer, some)
        found, ends = char_ends(tokenizer, some)
        assert found == whole
        lengths = [len("".join(deltas[: i + 1])) for i in range(len(some))]
        assert ends[:-1] == lengths[:-1]
        assert not some or ends[-1] == len(whole)


@pytest.mark.parametrize("make", [byte_fallback, from_gguf])
def test_char_ends_of_pieces_are_read_at_once(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = make()
    ids = tokenizer.encode("a7 + 7 = 7", add_special_tokens=False)
    expected = char_ends(tokenizer, ids)
    monkeypatch.setattr(TokenText, "feed", None)
    assert char_ends(tokenizer, ids) == expected


def test_a_token_that_stands_for_no_bytes_changes_how_all_of_a_gguf_file_are_read() -> None:
    tokenizer = from_gguf()
    plain, odd = tokenizer.encode("é 7"), tokenizer.encode("<|odd one|>é 7")
    assert char_ends(tokenizer, plain)[0] == decoded(tokenizer, plain) == "é 7"
    assert char_ends(tokenizer, odd)[0] == decoded(tokenizer, odd) != "<|odd one|>é 7"
    assert char_ends(tokenizer, plain)[0] == "é 7"


def test_plain_tokens_of_a_gguf_file_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = from_gguf()
    ids = tokenizer.encode("a7 + 7 = é", add_special_tokens=False)
    expected = char_ends(byte_level(), ids)
    monkeypatch.setattr(tokenizer, "decode", None)
    assert char_ends(tokenizer, ids) == expected
