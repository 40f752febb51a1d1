"""What became of rollouts: counted by hand, and the sums of parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.facts.columns import columns
from rewards.facts.outcomes import (
    Outcome,
    Outcomes,
    count_outcomes,
    found_thinking,
    outcomes_of_table,
    readable_answer,
)
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.thinking.families import THINK
from tagger.thinking.split import split_thinking

OUTCOMES = st.builds(Outcome, *(st.booleans() for _ in range(4)))


def test_outcomes_are_counted_by_the_cause_that_shows() -> None:
    counted = count_outcomes(
        [
            Outcome(ended=False, thought=False, answered=False, correct=False),
            Outcome(ended=False, thought=True, answered=True, correct=True),
            Outcome(ended=True, thought=False, answered=False, correct=False),
            Outcome(ended=True, thought=True, answered=False, correct=False),
            Outcome(ended=True, thought=True, answered=True, correct=False),
            Outcome(ended=True, thought=True, answered=True, correct=True),
        ]
    )
    assert counted == Outcomes(
        rollouts=6, cut_off=2, no_thinking=1, no_answer=1, unmatched=1, correct=2
    )
    assert counted.share("cut_off") == pytest.approx(1 / 3)
    assert Outcomes().share("cut_off") == 0


@given(st.lists(OUTCOMES), st.lists(OUTCOMES))
def test_outcomes_of_two_batches_add_up(first: list[Outcome], second: list[Outcome]) -> None:
    assert count_outcomes(first) + count_outcomes(second) == count_outcomes(first + second)


@given(st.lists(OUTCOMES))
def test_outcomes_of_a_table_are_those_of_its_rows(rows: list[Outcome]) -> None:
    names = columns(REASONTYPE)
    table = np.zeros((len(rows), len(names)), dtype=np.float32)
    for row, outcome in zip(table, rows, strict=True):
        for name in ("ended", "thought", "answered", "correct"):
            row[names.index(name)] = getattr(outcome, name)
    assert outcomes_of_table(table, names) == rows


@pytest.mark.parametrize(
    ("answer", "reference", "read"),
    [
        ("The answer is \\boxed{8}.", "7", "8"),
        ("I do not know.", "7", ""),
        ("Paris", "Lyon", "Paris"),
        (" \n", "Lyon", ""),
    ],
)
def test_readable_answer_is_what_is_compared(answer: str, reference: str, read: str) -> None:
    assert readable_answer(answer, reference) == read


@pytest.mark.parametrize(
    ("text", "found"),
    [("a</think>7", True), (" \n</think>7", False), ("a, and so 7", False)],
)
def test_found_thinking_is_closed_and_not_blank(text: str, found: bool) -> None:
    assert found_thinking(split_thinking(text, THINK.delimiters)) is found
