"""Splitting completions and finding delimiters."""

from __future__ import annotations

from typing import Any

import pytest

from tagger.errors import UserError
from tagger.thinking.split import (
    KNOWN_DELIMITERS,
    Thinking,
    ThinkingDelimiters,
    closing_ids,
    delimiters_from_tokenizer,
    known_delimiters_in,
    split_thinking,
)
from tests.tagger.tokenizers_made_here import byte_level

THINK = ThinkingDelimiters("<think>", "</think>")


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ("<think>a b</think>c", Thinking("a b", 7, 10, True, "c")),
        ("a b</think>\n\nc", Thinking("a b", 0, 3, True, "\n\nc")),
        ("a b", Thinking("a b", 0, 3, False, "")),
        ("<think>a b", Thinking("a b", 7, 10, False, "")),
        ("\n<think>\na</think>", Thinking("\na", 8, 10, True, "")),
        ("</think>c", Thinking("", 0, 0, True, "c")),
        ("a</think>b</think>c", Thinking("a", 0, 1, True, "b</think>c")),
        ("a</think>b<think>c", Thinking("a", 0, 1, True, "b<think>c")),
        ("", Thinking("", 0, 0, False, "")),
    ],
)
def test_splitting(completion: str, expected: Thinking) -> None:
    found = split_thinking(completion, THINK)
    assert found == expected
    assert completion[found.start : found.end] == found.text


class FakeTokenizer:
    """A vocabulary and a template, nothing else."""

    name_or_path = "some/model"

    def __init__(self, words: list[str], template: Any = None) -> None:
        self.words, self.chat_template = words, template

    def get_vocab(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words)}


@pytest.mark.parametrize("pair", KNOWN_DELIMITERS)
def test_every_known_pair_is_found_in_a_vocabulary(pair: ThinkingDelimiters) -> None:
    assert delimiters_from_tokenizer(FakeTokenizer(["a", pair.open, pair.close])) == pair


@pytest.mark.parametrize(
    "template",
    ["x</think>y", {"a": "plain", "b": "</think>"}, [{"name": "a", "template": "</think>"}]],
)
def test_the_template_is_read_when_the_vocabulary_has_none(template: Any) -> None:
    assert delimiters_from_tokenizer(FakeTokenizer(["a"], template)) == THINK


def test_the_vocabulary_wins_over_the_template() -> None:
    tokenizer = FakeTokenizer(["[THINK]", "[/THINK]"], "strip </think> of old turns")
    assert delimiters_from_tokenizer(tokenizer) == ThinkingDelimiters("[THINK]", "[/THINK]")


@pytest.mark.parametrize("tokenizer", [FakeTokenizer(["a", "b"]), FakeTokenizer(["<think>"], "x")])
def test_a_tokenizer_without_delimiters_is_named(tokenizer: FakeTokenizer) -> None:
    with pytest.raises(UserError, match="'some/model' has no thinking delimiters"):
        delimiters_from_tokenizer(tokenizer)


def test_delimiters_must_be_two() -> None:
    with pytest.raises(UserError, match="two different"):
        ThinkingDelimiters("<t>", "<t>")
    with pytest.raises(UserError, match="non-empty"):
        ThinkingDelimiters("", "</t>")


def test_delimiters_of_a_text() -> None:
    assert known_delimiters_in("a</think>b") == THINK
    assert known_delimiters_in("<think>unfinished") == THINK
    assert known_delimiters_in("plain") is None


def test_closing_ids_decode_to_the_closing_text() -> None:
    tokenizer = byte_level()
    assert delimiters_from_tokenizer(tokenizer) == THINK
    assert closing_ids(tokenizer, THINK) == [tokenizer.convert_tokens_to_ids("</think>")]
    ids = closing_ids(tokenizer, THINK, before="\n", after="\n\n")
    assert tokenizer.decode(ids) == "\n</think>\n\n"
