"""Answers compared."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.answers import answers_match
from rewards.answers.algebra.hanging import can_hang
from rewards.answers.symbolic import is_symbolic, rounds_to
from tagger.thinking.keywords import REFLECTION_KEYWORDS, count_keywords


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("12", "12.0", True),
        ("0.5", r"\frac12", True),
        ("50%", "0.5", True),
        ("5%", "5.5", False),
        ("12", "13", False),
        ("", "12", False),
        ("x+1", "1+x", True),
        ("(1,2)", "(1, 2)", True),
        (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}", True),
        ("Cat.", "cat", True),
        ("12", "cat", False),
        ("19 or 20", "20", False),
        ("(B) 42", "B", True),
        ("5000 m", "5 km", True),
    ],
)
def test_answers_match(answer: str, reference: str, same: bool) -> None:
    assert answers_match(answer, reference) is same


@given(st.text(max_size=60))
def test_answers_match_takes_any_text(text: str) -> None:
    assert answers_match(text, text) is bool(text.strip())
    assert not answers_match(text, "a word that no such text is")


@pytest.mark.parametrize(
    "hanging",
    [
        "10^10^10^10",
        "100000000!",
        "2**3**x",
        "2^{123456789}",
        "(x+1)^{999}",
        "2^{3^x}",
        "(2^{3}^4)",
        "((x^{9})^9)^9",
        "100!",
        "2^{10!}",
        "(1+" * 200 + "x" + ")" * 200,
    ],
)
def test_is_symbolic_keeps_what_hangs_from_math_verify(hanging: str) -> None:
    assert not is_symbolic(hanging)
    assert not answers_match(hanging, "x+1")
    assert answers_match(hanging, hanging)


@pytest.mark.parametrize(
    "sound", ["2^3 \\cdot 5^4", "x^2y^2", "(x^2)^3", "10!/7!", "2**3 * 3**2", "x^{-1} y^{-2}"]
)
def test_can_hang_lets_powers_stand_next_to_each_other(sound: str) -> None:
    assert not can_hang(sound) and is_symbolic(sound)


@pytest.mark.parametrize("words", ["AB", "Tom is tall", "a knight", "A1B2", "x or y", "110_2", "?"])
def test_is_symbolic_leaves_words_and_codes_alone(words: str) -> None:
    assert not is_symbolic(words)


def test_answers_match_outside_the_main_thread() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(answers_match("x+2", "2+x")))
    thread.start()
    thread.join()
    assert found == [True]


def test_answers_match_takes_long_lists() -> None:
    numbers = ", ".join(str(n) for n in range(300))
    backwards = ", ".join(str(n) for n in reversed(range(300)))
    assert answers_match(backwards, numbers)
    assert not answers_match(backwards.replace("17,", "1700,"), numbers)


def test_rounds_to_checks_the_last_place() -> None:
    assert rounds_to(r"2\pi", "6.28")
    assert rounds_to("2/3", "0.67")
    assert not rounds_to("2/3", "0.66")
    assert not rounds_to("19", "20")
    assert not rounds_to("x", "20")


def test_keywords() -> None:
    assert len(REFLECTION_KEYWORDS) == 13
    assert count_keywords("Wait. Let me double-check; hold on, butter is no keyword. Oh! BUT") == 5
    assert count_keywords("") == 0
