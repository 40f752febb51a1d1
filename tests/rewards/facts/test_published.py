"""What published terms count, by their authors' numbers and by hand."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.facts.published import (
    NGRAM_SIZES,
    Forecast,
    forecast_of,
    number_of,
    reflection_hits,
    repeated_shares,
    steps_by_length,
)


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("wait, but check", 1),  # close hits count once (hexuandeng/REA-RL at 50d4c5c)
        ("butter", 1),  # no word boundary
        ("", 0),
        ("wait\nbut", 2),  # a new line
        ("wait" + "." * 59 + "but", 1),
        ("wait" + "." * 60 + "but", 2),
        ("Wait" + "." * 50 + "CHECK" + "." * 50 + "but", 1),  # each is close to the one before
    ],
)
def test_reflection_hits(text: str, hits: int) -> None:
    assert reflection_hits(text) == hits


@pytest.mark.parametrize(
    ("ids", "size", "share"),
    [
        ([1, 2, 3, 4], 2, 0.0),
        ([5, 5, 5, 5, 5], 2, 0.75),  # TRL's example
        ([1, 2, 3, 9, 1, 2, 3], 3, 0.2),
        ([1, 2], 3, 0.0),
        ([], 2, 0.0),
    ],
)
def test_repeated_shares(ids: list[int], size: int, share: float) -> None:
    assert repeated_shares(ids, [size]) == pytest.approx([share])


@pytest.mark.parametrize("largest", [2**62, 10])  # numbers of n-grams that are made anew, too
@given(
    st.one_of(
        st.lists(st.sampled_from([0, 1, 2, 70_000]), max_size=60),
        st.lists(st.sampled_from([0, 1, 2, 70_000, 2**31]), max_size=60),
    )
)
def test_repeated_shares_are_those_of_counted_ngrams(largest: int, ids: list[int]) -> None:
    sizes = (1, *NGRAM_SIZES, 9)
    with patch("rewards.facts.published._LARGEST", largest):
        shares = repeated_shares(ids, sizes)
    for size, share in zip(sizes, shares, strict=True):
        grams = [tuple(ids[i : i + size]) for i in range(len(ids) - size + 1)]
        assert share == (1.0 - len(set(grams)) / len(grams) if grams else 0.0)


def test_steps_by_length_counts_every_step_once() -> None:
    assert steps_by_length([0, 15, 16, 31, 64, 127, 255, 256, 9000]) == [2, 2, 0, 2, 1, 2]


@pytest.mark.parametrize(
    ("text", "forecast"),
    [
        ("<predict>s: 0.75, b: 0.06</predict> so", Forecast(0.75, 0.06, False)),
        ("<predict>b=1.5</predict> \\boxed{Unsolvable}", Forecast(-1.0, 1.0, True)),
        ("s: 0.75", Forecast(-1.0, -1.0, False)),
    ],
)
def test_forecast(text: str, forecast: Forecast) -> None:
    assert forecast_of(text) == forecast


def test_number_of_takes_finite_numbers_only() -> None:
    metadata = {"a": 3, "b": True, "c": "4", "d": float("nan"), "e": 0.5}
    assert [number_of(metadata, key) for key in "abcdef"] == [3.0, -1, -1, -1, 0.5, -1]
