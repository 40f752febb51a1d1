"""Batches bounded by the tokens of their key-value cache."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from rl.sampling.memory import cache_token_bytes, split_batches


def test_batches_by_rows_and_by_tokens() -> None:
    assert split_batches([], [], 2, None) == []
    assert split_batches([1, 1, 1], [5] * 3, 2, None) == [range(0, 2), range(2, 3)]
    # 5 + 5 = 10 tokens a row: three rows in 30; the fourth is 20 wide, and 4 * 20 > 30.
    assert split_batches([5, 5, 5, 15, 40], [5] * 5, 9, 30) == [
        range(0, 3),
        range(3, 4),
        range(4, 5),
    ]


@given(
    lengths=st.lists(st.integers(1, 50), max_size=30),
    new=st.lists(st.integers(1, 50), min_size=30, max_size=30),
    rows=st.integers(1, 8),
    bound=st.none() | st.integers(1, 500),
)
def test_batches_cover_all_rows_once_within_the_bounds(
    lengths: list[int], new: list[int], rows: int, bound: int | None
) -> None:
    batches = split_batches(sorted(lengths), new[: len(lengths)], rows, bound)
    assert [row for batch in batches for row in batch] == list(range(len(lengths)))
    for batch in batches:
        width = max(sorted(lengths)[row] for row in batch) + max(new[row] for row in batch)
        assert len(batch) <= rows
        assert len(batch) == 1 or bound is None or len(batch) * width <= bound


def test_cache_of_a_token_with_grouped_heads() -> None:
    config = SimpleNamespace(
        num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, hidden_size=576
    )
    assert cache_token_bytes(config, 4) == 2 * 30 * 3 * 64 * 4  # SmolLM2-135M in float32
