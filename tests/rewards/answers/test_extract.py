"""One answer out of what follows the thinking."""

from __future__ import annotations

import pytest

from rewards.answers import boxed_contents, extract_answer, extract_option
from rewards.answers.checkers import check_equivalent


@pytest.mark.parametrize(
    ("text", "numeric", "answer"),
    [
        (r"The answer is \boxed{12}.", True, "12"),
        (r"\boxed{1}, no: \boxed{\frac{1}{2}}", True, ""),
        (r"\boxed{0.5}, that is \boxed{\frac{1}{2}}", True, r"\frac{1}{2}"),
        (r"\boxed{2} and \boxed{3}", False, "2, 3"),
        ("The answer is 12. Done", True, "12"),
        ("Answer: 3.5", True, "3.5"),
        ("the answer is probably 7 or 9", True, ""),
        ("So we have 5, which makes 1,200 in all", True, "1200"),
        ("So we have 5 and 1,200", True, ""),
        ("nothing here", True, ""),
        ("the answer is x + 1.", False, "x + 1"),
        (" a knight ", False, "a knight"),
        (r"\boxed{open", True, ""),
        (r"\boxed{19} but \boxed{2", True, ""),
    ],
)
def test_extract_answer(text: str, numeric: bool, answer: str) -> None:
    assert extract_answer(text, numeric) == answer


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("The answer is (B) 42.", "(B) 42."),
        ("So C is correct.", "C"),
        ("A or B", ""),
        ("no letter here", ""),
    ],
)
def test_extract_option(text: str, option: str) -> None:
    assert extract_option(text) == option


def test_boxed_contents_balances_braces() -> None:
    assert boxed_contents(r"\boxed{a{b}c} \fbox{d} \boxed{e") == ["a{b}c", "d"]
    assert boxed_contents(r"} \boxed{a \boxed{b}} { \boxed{c}") == [r"a \boxed{b}", "b", "c"]
    assert boxed_contents(r"\boxed{\{1, 2\}}") == [r"\{1, 2\}"]


@pytest.mark.parametrize(
    "opened",
    [
        r"\boxed{",
        r"\boxed{1} ",
        "<answer>",
        "The answer is ",
        "((",
        r"\(",
        "1,",
        "5 or ",
        "1 ",
        "~",
    ],
)
def test_extract_answer_reads_a_broken_text_in_one_pass(opened: str) -> None:
    assert boxed_contents(opened * 20_000 + r"\boxed{7}")[-1] == "7"
    for reference in ("20", "B", "x+1"):
        check_equivalent(opened * 5_000, reference, {})
