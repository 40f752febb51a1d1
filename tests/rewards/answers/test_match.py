"""Answers: found, read and compared."""

from __future__ import annotations

import threading
import time
from fractions import Fraction

import pytest

from rewards.answers.checkers import check_equivalent, check_reasoning_gym, checker_for
from rewards.answers.match import answers_match, boxed_contents, extract_answer
from rewards.answers.numbers import exact_value
from tagger.thinking.keywords import REFLECTION_KEYWORDS, count_keywords


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        (" -3.50 ", Fraction(-7, 2)),
        ("−5", -5),
        ("1,024", 1024),
        ("1{,}024", 1024),
        ("3/4", Fraction(3, 4)),
        (r"\frac{3}{4}", Fraction(3, 4)),
        (r"\dfrac{-3}{4}", Fraction(-3, 4)),
        ("$7.$", 7),
        (".5", Fraction(1, 2)),
        ("x", None),
        ("1.2.3", None),
        ("3/0", None),
        ("", None),
        ("9" * 80, None),
    ],
)
def test_exact_value(text: str, value: Fraction | int | None) -> None:
    assert exact_value(text) == value


@pytest.mark.parametrize(
    ("text", "numeric", "answer"),
    [
        (r"The answer is \boxed{12}.", True, "12"),
        (r"\boxed{1}, no: \boxed{\frac{1}{2}}", True, r"\frac{1}{2}"),
        ("The answer is 12. Done", True, "12"),
        ("Answer: 3.5", True, "3.5"),
        ("the answer is probably 7 or 9", True, "9"),
        ("So we have 5 and 1,200 in all", True, "1200"),
        ("nothing here", True, ""),
        ("the answer is x + 1.", False, "x + 1"),
        (" a knight ", False, "a knight"),
        (r"\boxed{open", True, ""),
    ],
)
def test_extract_answer(text: str, numeric: bool, answer: str) -> None:
    assert extract_answer(text, numeric) == answer


def test_boxed_contents_balances_braces() -> None:
    assert boxed_contents(r"\boxed{a{b}c} \fbox{d} \boxed{e") == ["a{b}c", "d"]
    assert boxed_contents(r"} \boxed{a \boxed{b}} { \boxed{c}") == [r"a \boxed{b}", "b", "c"]


def test_a_text_of_open_boxes_is_read_in_one_pass() -> None:
    began = time.process_time()
    assert boxed_contents(r"\boxed{" * 100_000 + "7}") == ["7"]
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("12", "12.0", True),
        ("0.5", r"\frac12", True),
        ("0.5", r"\frac{1}{2}", True),
        ("50%", "50", True),
        ("50%", "0.5", True),
        (r"50\%", "50%", True),
        ("5%", "5.5", False),
        ("12", "13", False),
        ("", "12", False),
        ("x+1", "1+x", True),
        ("(1,2)", "(1, 2)", True),
        (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}", True),
        ("Cat.", "cat", True),
        ("12", "cat", False),
    ],
)
def test_answers_match(answer: str, reference: str, same: bool) -> None:
    assert answers_match(answer, reference) is same


@pytest.mark.parametrize(
    "hanging",
    ["10^10^10^10", "100000000!", "2**3**x", "2^{123456789}", "(1+" * 200 + "x" + ")" * 200],
)
def test_nothing_can_hang(hanging: str) -> None:
    start = time.perf_counter()
    assert not answers_match(hanging, "x+1")
    assert answers_match(hanging, hanging)
    assert time.perf_counter() - start < 1.0


def test_works_outside_the_main_thread() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(answers_match("x+2", "2+x")))
    thread.start()
    thread.join()
    assert found == [True]


def test_checkers() -> None:
    assert check_equivalent(r"It is \boxed{0.50}.", "1/2", {})
    assert check_equivalent("the answer is x+1", "1+x", {})
    assert checker_for({}) is check_equivalent
    gym = {"source_dataset": "chain_sum", "source_index": 0}
    assert checker_for(gym) is check_reasoning_gym
    assert check_reasoning_gym(r"The answer is \boxed{12}.", "12", gym)
    assert not check_reasoning_gym(r"The answer is \boxed{12}.", "1", gym)
    assert not check_reasoning_gym("I do not know", "1", gym)


def test_keywords() -> None:
    assert len(REFLECTION_KEYWORDS) == 13
    assert count_keywords("Wait. Let me double-check; hold on, butter is no keyword. Oh! BUT") == 5
    assert count_keywords("") == 0
