"""Which values a step states, and where the answer is first stated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.answers.extract import stated_options
from rewards.answers.options import read_option
from rewards.answers.plain import clean
from rewards.answers.quantities import read_quantity, same_quantity
from rewards.answers.stated import _stated, find_answer_step, stated_values, states
from tagger.segmentation.registry import get_segmenter
from tagger.steps import Step


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
    assert find_answer_step(steps, " ") == -1, "no reference, no answer step"
    assert find_answer_step([], "5") == -1


def test_references_that_are_no_numbers() -> None:
    assert states("Hence the answer is x + 1.", "x+1")
    assert states(r"\boxed{1+x}", "x+1")
    assert states("f = x + 1", "$x+1$")
    assert not states("Let me think about x + 1 and more", "x+1")


@pytest.mark.parametrize(
    ("text", "reference", "stated"),
    [
        ("125 + 340 = 465\n465 - 120 = 345", "465", True),
        ("125 + 340 = 465\n465 - 120 = 345", "345", True),
        ("125 + 340 = 465\n465 - 120 = 345", "120", False),
        (r"The total is \$20.", "20", True),
        ("The total is **$1,200.50**.", "1200.5", True),
        ("So the answer is **20**.", "20", True),
        ("So the answer is *20*.", "20", True),
        ("The answer should be 20.", "20", True),
        ("It must be 20.", "20", True),
        ("5 * 4 → 20", "20", True),
        ("5 * 4 => 20", "20", True),
        (r"5 \times 4 \Rightarrow 20", "20", True),
        ("giving 20 apples", "20", True),
        (r"We get 3\frac{1}{2} = 3.5", r"3\frac{1}{2}", True),
        ("So the result is = 3.5", r"3\frac{1}{2}", True),
        ("So the result is = 15.5", r"3\frac{1}{2}", False),
        ("= 31/2", "3.5", False),
        ("so it is 5000 m", "5 km", True),
        ("so it is 5 m", "5 km", False),
        ("so it is 5 km", "5", True),
        ("That is 2 million.", "2000000", True),
        ("That is 50%.", "0.5", True),
        ("答案是20", "20", True),
        ("＝２０", "20", True),
        ("The answer is (B) 42.", "B", True),
        ("Let me look at option B", "B", False),
        ("the answer is 8:34 p.m.", "8:34 p.m.", True),
        ("The answer should be x + 1.", "x+1", True),
        ("= 20 + 5", "20", False),
        ("= 20x", "20", False),
        ("= 200", "20", False),
        ("x >= 20", "20", False),
        ("x is not 20", "20", False),
        ("There are 20 apples", "20", False),
        ("sum = 465\n120 more", "465120", False),
    ],
)
def test_states(text: str, reference: str, stated: bool) -> None:
    assert states(text, reference) is stated


@given(
    st.lists(
        st.sampled_from(
            ["= ", "is ", "20", "2", "0", "1,0", "00", "/", "%", " km", ".", "½", "２０", "÷", "％"]
            + ["10", "^", "**", "²", r"\frac{", "}{", "}", r"\times ", "e2", " dozen", "百", "万"]
            + [" Million", " thousand", r"\,", r"\text{", "$", " ", "／", " as the answer", "-"]
            + ["not ", " is wrong", "result", "totals ", "leaves us with ", "E1", " holds"]
        )
    ),
    st.sampled_from(["20", "2", "200", "1000", "0", "0.2", "2000", "-20", "100"]),
)
def test_states_overlooks_nothing_for_being_fast(parts: list[str], reference: str) -> None:
    text, wanted = "".join(parts), read_quantity(reference)
    assert wanted is not None
    slow = any(same_quantity(m.quantity, wanted) for m in _stated(clean(text)))
    assert states(text, reference) is slow


@given(
    st.lists(
        st.sampled_from(
            [
                "the answer is ",
                "option ",
                "(",
                ")",
                "B",
                "b",
                "D",
                "d",
                "A",
                " is correct",
                ". ",
                ":",
            ]
            + [
                "**",
                "$",
                r"\text{",
                "}",
                "and ",
                "because ",
                "it is ",
                "\n",
                "答案是",
                "Ｂ",
                "### ",
            ]
        )
    ),
    st.sampled_from("ABD"),
)
def test_no_option_is_overlooked_for_being_fast(parts: list[str], letter: str) -> None:
    text = "".join(["Which is best? ", *parts])
    named = [read_option(stated) for stated in stated_options(text)]
    slow = any(option is not None and option.letter == letter for option in named)
    assert states(text, letter) is slow


def test_only_the_ends_of_a_step_of_a_megabyte_are_read() -> None:
    filler = "and so on, " * 3000
    steps = [
        Step(text, 0, len(text)) for text in (f"{filler}= 7, {filler}", f"{filler}{filler} = 7.")
    ]
    assert find_answer_step(steps, "7") == 1
