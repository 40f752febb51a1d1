"""End tokens: collected from every place that names one, and cut at whichever is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.thinking.end_tokens import cut_at_end, end_token_ids
from tests.tagger.tokenizers_made_here import byte_level

VOCABULARY = {"<|im_end|>": 7, "<|eot_id|>": 8, "<|end|>": 9}


def tokenizer(eos: Any = None, template: str | None = None) -> Any:
    return SimpleNamespace(
        eos_token_id=eos,
        unk_token_id=0,
        chat_template=template,
        convert_tokens_to_ids=lambda token: VOCABULARY.get(token, 0),
    )


def model(generation: Any = None, config: Any = None, text: Any = None) -> Any:
    return SimpleNamespace(
        generation_config=SimpleNamespace(eos_token_id=generation),
        config=SimpleNamespace(eos_token_id=config, text_config=SimpleNamespace(eos_token_id=text)),
    )


@pytest.mark.parametrize(
    ("made", "of", "ids"),
    [
        (tokenizer(1), None, {1}),
        (tokenizer(1), model(), {1}),
        (tokenizer(1), model([2, 3], 4, [5]), {1, 2, 3, 4, 5}),
        (tokenizer(None), model(2, None), {2}),
        (tokenizer(1, "… <|im_end|>"), None, {1, 7}),  # a base model's end with a chat template
        (tokenizer(1, "… <|eot_id|>"), model([1]), {1, 8}),
        (tokenizer(1, "… <|end|> …"), None, {1}),  # ends a channel of gpt-oss, not the turn
        (tokenizer(1, "… <end_of_turn>"), None, {1}),  # written, but no token of its own
        (tokenizer(None), None, set()),
    ],
)
def test_end_tokens_are_collected_from_every_place(made: Any, of: Any, ids: set[int]) -> None:
    assert end_token_ids(made, of) == ids


def test_end_tokens_of_a_real_tokenizer() -> None:
    made = byte_level()
    assert end_token_ids(made) == {made.eos_token_id}


@given(ids=st.lists(st.integers(0, 5)), ends=st.sets(st.integers(0, 5)))
def test_a_cut_completion_holds_no_end(ids: list[int], ends: set[int]) -> None:
    body, ended = cut_at_end(ids, ends)
    assert not ends & set(body)
    assert ended == bool(ends & set(ids))
    assert list(body) == ids[: len(body)]
    assert ended or body == ids
    of_array, ended_array = cut_at_end(np.array(ids, dtype=np.int64), ends)
    assert (list(of_array), ended_array) == (list(body), ended)
