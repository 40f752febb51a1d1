"""Checkers by name: choices, numbers with a tolerance, exact text."""

from typing import Any

import pytest

from rewards.answers.checkers import (
    build_checker,
    check_choice,
    check_equivalent,
    check_exact,
    checker_for,
)
from tagger.errors import UserError

ANIMALS = {"choices": ["a cat", "a dog", "an emu", "42"]}
NUMBERS = {"choices": ["2", "3", "0", "1"]}


@pytest.mark.parametrize(
    ("answer", "reference", "metadata", "right"),
    [
        ("C", "C", {}, True),
        (r"\boxed{C}", "C", {}, True),
        (r"So it is \boxed{\text{(C)}}.", "C", {}, True),
        ("The answer is (C) an emu.", "C", ANIMALS, True),
        (r"\boxed{an emu}", "C", ANIMALS, True),
        ("The answer is 42.", "D", ANIMALS, True),
        (r"\boxed{B}", "C", ANIMALS, False),
        (r"\boxed{a dog}", "C", ANIMALS, False),
        (r"\boxed{an emu}", "C", {}, False),
        ("B or C", "C", ANIMALS, False),
        (r"\boxed{3}", "B", NUMBERS, True),
        (r"\boxed{2}", "C", NUMBERS, False),  # the text of A, and no index of C
        ("", "C", ANIMALS, False),
        (r"\boxed{an emu}", "E", ANIMALS, False),
    ],
)
def test_check_choice(answer: str, reference: str, metadata: dict[str, Any], right: bool) -> None:
    assert check_choice(answer, reference, metadata) is right


@pytest.mark.parametrize(
    ("settings", "answer", "reference", "right"),
    [
        ({}, r"\boxed{12}", "12", True),
        ({}, r"\boxed{12.00001}", "12", True),  # 1e-6 of it is 0.000012
        ({}, r"\boxed{12.00002}", "12", False),
        ({"relative": 0.01}, "The answer is 1010 m.", "1 km", True),
        ({"relative": 0.01}, "The answer is 1011 m.", "1 km", False),
        ({"relative": 0.01}, r"\boxed{1 kg}", "1 km", False),
        ({"relative": 0.01}, r"\boxed{50.4\%}", "0.5", True),
        ({"relative": 0.01}, r"\boxed{0.504}", r"50\%", True),
        ({"relative": 0.01}, r"\boxed{0.506}", r"50\%", False),
        ({"relative": 0.01}, r"\boxed{3.14}", r"\pi", True),
        ({"absolute": 0.5}, r"\boxed{-2}", "-2.5", True),
        ({"absolute": 0.5}, r"\boxed{2.5}", "-2.5", False),
        ({"absolute": 0.5}, "I do not know", "0", False),
        ({}, r"\boxed{12}", "twelve monkeys", False),
    ],
)
def test_number_checker(settings: dict[str, Any], answer: str, reference: str, right: bool) -> None:
    assert build_checker({"name": "number", **settings})(answer, reference, {}) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Hello,  World!\n", True),
        (r"\boxed{Hello, World!}", True),
        ("hello, World!", False),
        ("Hello, World", False),
        ("", False),
    ],
)
def test_check_exact(answer: str, right: bool) -> None:
    assert check_exact(answer, "Hello, World!", {}) is right


def test_checker_for_takes_the_named_one() -> None:
    assert checker_for({"checker": "choice"}) is check_choice
    assert (
        checker_for({"checker": "equivalent", "source_dataset": "chain_sum", "source_index": 1})
        is check_equivalent
    )
    close = checker_for({"checker": {"name": "number", "relative": 0.1}})
    assert close(r"\boxed{11}", "10", {}) and not close(r"\boxed{12}", "10", {})


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("exakt", "Unknown checker 'exakt'; did you mean 'exact'"),
        ({"name": "number", "relativ": 1}, "'relativ'.*'relative'"),
        ({"name": "number", "relative": 2}, "relative"),
        ({"name": "exact", "case": False}, "'exact' has no settings; remove case"),
        ({"relative": 0.1}, "needs a name"),
    ],
)
def test_build_checker_refuses(spec: str | dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        build_checker(spec)
