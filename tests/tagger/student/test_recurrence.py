"""Statuses of words: what the trace has said of them before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tagger.backends.student.recurrence import STATUSES, Recurrence

ALONE, PAIR, TRIPLE = 0, 5, 10
ASKED, NUMBER, SIGN = 15, 30, 60


def test_recurrence_distinguishes_a_repetition_word_by_word() -> None:
    recurrence = Recurrence([])
    equation = ["3", "+", "4"]
    assert recurrence.statuses(equation) == [NUMBER, SIGN, NUMBER]
    assert recurrence.statuses(equation) == [
        1 + TRIPLE + NUMBER,
        1 + TRIPLE + SIGN,
        1 + TRIPLE + NUMBER,
    ]


def test_recurrence_status_by_age_and_context() -> None:
    recurrence = Recurrence([])
    recurrence.statuses(["take", "the", "root"])
    for _ in range(2):
        recurrence.statuses(["else"])
    assert recurrence.statuses(["find", "the", "root", "now"]) == [
        0, 2 + ALONE, 2 + PAIR, 0,
    ]  # fmt: skip
    for _ in range(9):
        recurrence.statuses(["else"])
    assert recurrence.statuses(["an", "root"]) == [0, 3]
    for _ in range(10):
        recurrence.statuses(["else"])
    assert recurrence.statuses(["old", "root"]) == [0, 4]


def test_recurrence_knows_the_words_of_the_question() -> None:
    recurrence = Recurrence(["apples", "7"])
    assert recurrence.statuses(["apples", "7", "x"]) == [ASKED, ASKED + NUMBER, SIGN]


def test_recurrence_a_word_repeated_within_its_first_step_is_new() -> None:
    assert Recurrence([]).statuses(["so", "so", "so"]) == [0, 0, 0]


STEPS = st.lists(st.lists(st.sampled_from(["a", "go", "12", "="]), max_size=6), max_size=20)


@given(STEPS)
def test_recurrence_status_equals_the_plain_definition(
    steps: list[list[str]],
) -> None:
    recurrence = Recurrence(["go"])
    for now, words in enumerate(steps):
        found = recurrence.statuses(words)
        for place, word in enumerate(words):
            ago = [now - n for n in range(now) if word in steps[n]]
            age = next(
                (a for a, limit in ((1, 1), (2, 3), (3, 10)) if ago and min(ago) <= limit), 4
            )
            ends = [
                ["", "", *earlier[: i + 1]] for earlier in steps[:now] for i in range(len(earlier))
            ]
            read = ["", "", *words[: place + 1]]
            runs = sum(read[-n:] in (e[-n:] for e in ends) for n in (2, 3))
            kind = NUMBER if word == "12" else SIGN if len(word) == 1 else 0
            asked = ASKED if word == "go" else 0
            assert found[place] == (age if ago else 0) + PAIR * runs + kind + asked


@given(STEPS)
def test_recurrence_statuses_are_in_range_and_look_back_only(steps: list[list[str]]) -> None:
    whole, prefix = Recurrence(["go"]), Recurrence(["go"])
    found = [whole.statuses(words) for words in steps]
    assert all(0 <= s < STATUSES for statuses in found for s in statuses)
    assert [prefix.statuses(words) for words in steps[:5]] == found[:5]
