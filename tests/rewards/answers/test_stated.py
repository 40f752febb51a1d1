"""Which values a step states, and where the answer is first stated."""

from __future__ import annotations

import pytest

from rewards.answers.stated import find_answer_step, stated_values, states
from tagger.segmentation.registry import get_segmenter


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("I need to work out 3 + 4 - 2.", []),
        ("3 + 4 = 7.", ["7"]),
        ("First, 3 * 4 = 12, 12 - 5 = 7.", ["12", "7"]),
        ("So the answer is 12.", ["12"]),
        ("The answer: 12", ["12"]),
        ("That gives 12 as the answer.", ["12"]),
        ("Everything fits, 7 looks right.", ["7"]),
        ("We have 3 dogs, 2 cats.", []),
        ("Legs of each: dog 4, cat 4.", []),
        ("x = 3/4", ["3/4"]),
        ("the total is $1,024$.", ["1024"]),
        ("3 = 7 - 4", []),
        ("a = -5, so |a| is 5", ["-5", "5"]),
        (r"Thus \boxed{x+1}.", ["x+1"]),
        ("Is 3 + 4 really 7? Yes, 3 + 4 = 7.", ["7"]),
    ],
)
def test_stated_values(text: str, values: list[str]) -> None:
    assert stated_values(text) == values


def test_the_answer_step_is_the_first_that_states_it() -> None:
    text = "We have 7 + 5 - 5.\n\n7 + 5 = 12.\n\n12 - 5 = 7.\n\nSo the answer is 7."
    steps = get_segmenter("paragraph").split(text)
    assert find_answer_step(steps, "7") == 2
    assert find_answer_step(steps, "7.0") == 2
    assert find_answer_step(steps, "12") == 1
    assert find_answer_step(steps, "5") == -1
    assert find_answer_step([], "5") == -1


def test_references_that_are_no_numbers() -> None:
    assert states("Hence the answer is x + 1.", "x+1")
    assert states(r"\boxed{1+x}", "x+1")
    assert states("f = x + 1", "$x+1$")
    assert not states("Let me think about x + 1 and more", "x+1")
