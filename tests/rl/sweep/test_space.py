"""What a key may be: lists, ranges, draws."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl.sweep.settings.space import Range, canonical, draw, grid, read_space
from tagger.errors import UserError


def test_grid_has_every_combination_the_last_key_fastest() -> None:
    space = read_space({"a": [1, 2], "b": ["x", None]})
    assert grid(space) == [
        {"a": 1, "b": "x"}, {"a": 1, "b": None}, {"a": 2, "b": "x"}, {"a": 2, "b": None},
    ]  # fmt: skip
    assert grid({}) == [{}]


@settings(max_examples=30)
@given(low=st.floats(0.001, 10), factor=st.floats(1.5, 100), seed=st.integers(0, 99))
def test_draws_stay_within_their_range(low: float, factor: float, seed: int) -> None:
    for kind in ("uniform", "log"):
        ends = [low, low * factor]
        for point in draw(read_space({"a": {kind: ends}}), 5, seed):
            assert ends[0] <= point["a"] <= ends[1]


def test_draws_of_a_key_do_not_depend_on_the_other_keys() -> None:
    one = {"a": {"log": [0.01, 1]}}
    two = {"b": [1, 2, 3], **one}
    alone, together = draw(read_space(one), 4, 7), draw(read_space(two), 4, 7)
    assert [p["a"] for p in alone] == [p["a"] for p in together]
    assert alone == draw(read_space(one), 6, 7)[:4]
    assert alone != draw(read_space(one), 4, 8)


def test_range_reaches_both_ends() -> None:
    whole = Range("integer", 1, 3)
    assert [whole.at(s) for s in (0.0, 0.34, 0.67, 0.999999)] == [1, 2, 3, 3]
    assert Range("log", 0.01, 1).at(0.5) == 0.1
    assert Range("uniform", 0, 2).at(0.25) == 0.5


@pytest.mark.parametrize(
    ("vary", "sentence"),
    [
        ({"a": []}, "vary.a is an empty list"),
        ({"a": [1, 1.0]}, r"vary.a lists 1.0 twice"),
        ({"a": 0.1}, "give a list of values"),
        ({"a": {"log": [0, 1]}}, "two numbers above 0"),
        ({"a": {"uniform": [float("nan"), 1]}}, "two numbers, the lower first"),
        ({"a": {"uniform": [2, 1]}}, "the lower first"),
        ({"a": {"integer": [1, 2.5]}}, "two whole numbers"),
        ([1], "must hold keys"),
    ],
)
def test_space_refuses(vary: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_space(vary)


def test_grid_refuses_a_range() -> None:
    with pytest.raises(UserError, match="set method: random"):
        grid(read_space({"a": {"uniform": [0, 1]}}))


def test_canonical_ignores_order_and_whole_floats() -> None:
    assert canonical({"b": 1.0, "a": [2]}) == canonical({"a": [2.0], "b": 1})
    assert canonical(0.1) != canonical(0.2)
    assert canonical(True) != canonical(1)
