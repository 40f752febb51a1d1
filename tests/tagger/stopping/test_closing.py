"""What closes the thinking, and how the model itself would."""

from __future__ import annotations

import copy

import pytest

from tagger.errors import UserError
from tagger.stopping.closing import ClosingSequence, default_closing
from tagger.thinking.split import ThinkingDelimiters
from tests.tagger.tokenizers_made_here import byte_fallback, byte_level

DELIMITERS = ThinkingDelimiters("<think>", "</think>")
QWEN3 = (
    "{%- set content = content.split('</think>')[-1] %}"
    "{{- '<think>\\n' + reasoning + '\\n</think>\\n\\n' + content }}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}"
)


def templated(template):
    tokenizer = copy.copy(byte_level())
    tokenizer.chat_template = template
    return tokenizer


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (QWEN3, "\n</think>\n\n"),
        ("{{ '\\n\\n</think>\\n' }}", "\n\n</think>\n"),
        ("{{ x.split('</think>') }}", "\n</think>\n\n"),
        ("{{ '<think></think>\\n\\n\\n' }}", "\n</think>\n\n"),
        ("no thinking here", "\n</think>\n\n"),
        (None, "\n</think>\n\n"),
    ],
)
def test_closing_default_is_how_the_template_closes(template, expected):
    assert default_closing(templated(template), DELIMITERS) == expected


@pytest.mark.parametrize("make", [byte_level, byte_fallback])
def test_closing_line_breaks_already_written_are_not_forced_again(make):
    tokenizer = make()
    closing = ClosingSequence(tokenizer, DELIMITERS, "\n\nI stop.</think>\n\n")
    for tail, expected in [
        ("so.", "\n\nI stop.</think>\n\n"),
        ("so.\n", "\nI stop.</think>\n\n"),
        ("so.\n\n", "I stop.</think>\n\n"),
        ("so.\n\n\n", "I stop.</think>\n\n"),
        ("", "\n\nI stop.</think>\n\n"),
    ]:
        ids = closing.ids_after(tail)
        assert tokenizer.decode(ids) == expected
        assert tokenizer.convert_tokens_to_ids("</think>") in ids


def test_closing_that_does_not_close_is_refused():
    with pytest.raises(UserError, match="lacks the closing delimiter '</think>'"):
        ClosingSequence(byte_level(), DELIMITERS, "Time is up.\n")
