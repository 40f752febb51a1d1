"""Lengths of completions that fit into a model's context."""

from __future__ import annotations

import pytest

from rl.policy.context import DERIVED, check_batch_tokens, fitting_length
from tagger.errors import UserError


@pytest.mark.parametrize(
    ("wanted", "context", "length"),
    [
        (None, 32_768, DERIVED),
        (None, 2_048, 1_948),
        (None, None, DERIVED),
        (1_948, 2_048, None),
        (9_999, None, None),
    ],
)
def test_length_is_what_the_context_leaves_beside_the_prompt(
    wanted: int | None, context: int | None, length: int | None
) -> None:
    assert fitting_length(wanted, context, 100, "m") == length


@pytest.mark.parametrize(
    ("wanted", "context", "said"),
    [
        (1_949, 2_048, "reads 2048 tokens, .* has 100 and grpo.max_comp.* is 1949; lower"),
        (None, 100, "reads 100 tokens, the longest prompt has 100; leave long problems out"),
        (20, 90, "the longest prompt has 100 and .* is 20; leave long problems out"),
    ],
)
def test_length_that_does_not_fit_is_refused(wanted: int | None, context: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        fitting_length(wanted, context, 100, "m")


def test_batch_tokens_hold_at_least_one_row() -> None:
    keys = ("max_batch_tokens", "max_new_tokens")
    check_batch_tokens(None, 30, 70, keys)
    check_batch_tokens(100, 30, 70, keys)
    said = r"max_batch_tokens is 99, less than one row: .* max_new_tokens \(70\) are 100 tokens"
    with pytest.raises(UserError, match=said):
        check_batch_tokens(99, 30, 70, keys)
