"""Splitting rows by question: who stays together, what is drawn, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.training.split_rows import KeyedRow, hold_out_known, hold_out_share, read_keyed_rows
from tests.tagger.small_data import write


def keyed(number: int, *keys: str) -> KeyedRow:
    return KeyedRow({"row": number}, min(keys), frozenset(keys))


def numbers(rows: list[KeyedRow]) -> list[int]:
    return [row.values["row"] for row in rows]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=3), min_size=2, max_size=30),
    st.floats(0.05, 0.6),
    st.integers(0, 3),
)
def test_hold_out_share_never_parts_rows_that_share_a_key(
    keys: list[set[int]], share: float, seed: int
) -> None:
    rows = [keyed(n, *(f"question {k}" for k in found)) for n, found in enumerate(keys)]
    try:
        parts = hold_out_share(rows, share, seed)
    except UserError:
        return  # all rows hang together
    assert sorted(numbers(parts.train) + numbers(parts.held_out)) == list(range(len(rows)))
    assert numbers(parts.train) == sorted(numbers(parts.train))
    kept, aside = (
        {key for row in part for key in row.keys} for part in (parts.train, parts.held_out)
    )
    assert kept and aside and not kept & aside


def test_hold_out_share_draws_the_same_questions_in_any_order_and_others_by_seed() -> None:
    rows = [keyed(n, f"question {n}") for n in range(40)]
    first = hold_out_share(rows, 0.25, 0)
    assert len(first.held_out) == 10
    again = hold_out_share(rows[::-1], 0.25, 0)
    assert sorted(numbers(again.held_out)) == numbers(first.held_out)
    assert numbers(hold_out_share(rows, 0.25, 1).held_out) != numbers(first.held_out)
    larger = hold_out_share(rows, 0.5, 0)
    assert set(numbers(first.held_out)) < set(numbers(larger.held_out))


def test_hold_out_share_never_draws_a_question_trained_on_in_any_case() -> None:
    rows = [keyed(n, f"question {n}") for n in range(10)]
    parts = hold_out_share(rows, 0.5, 0, [keyed(99, f"question {n}") for n in range(5)])
    assert numbers(parts.held_out) == [5, 6, 7, 8, 9]
    with pytest.raises(UserError, match="6 of 10 questions are to be held out, and 5 can be"):
        hold_out_share(rows, 0.6, 0, rows[:5])


def test_hold_out_known_goes_by_question_or_opening() -> None:
    rows = [keyed(0, "question a", "opening x"), keyed(1, "opening y"), keyed(2, "opening z")]
    parts = hold_out_known(rows, [keyed(9, "question a", "opening q"), keyed(8, "opening y")])
    assert numbers(parts.held_out) == [0, 1] and numbers(parts.train) == [2]


def test_read_keyed_rows_knows_a_thinking_however_it_is_cut_and_spaced(tmp_path: Path) -> None:
    path = write(
        tmp_path / "rows.jsonl",
        [
            {"id": "a", "question": "What  is\n2 + 2?", "steps": ["Two and two.", "Four."]},
            {"question": "What is 2 + 2?", "thinking": "Another."},
            {"id": "c", "thinking": "Two and\n\ntwo. Four."},
            {"question": "", "thinking": ""},
        ],
    )
    first, second, third, blank = read_keyed_rows([path])
    assert blank.name == "rows.jsonl 4" and blank.keys == {"row rows.jsonl 4"}
    assert first.name == second.name == "What is 2 + 2?" and third.name == "c"
    assert first.keys & second.keys == {"question What is 2 + 2?"}
    assert first.keys & third.keys == {"opening Two and two. Four."}
