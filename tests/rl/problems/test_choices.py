"""Multiple choice: options in questions, references that name one, checkers for whole sets."""

from typing import Any

import pytest

from rl.problems.checkers import with_checker
from rl.problems.choices import NoOption, letter_of, listed, options_in
from rl.problems.problem import Problem, score_answer
from tagger.errors import UserError


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("Pick:\n(A) a cat\n(B) a dog", ["a cat", "a dog"]),
        ("Pick:\nA. a cat\nB. a dog\nGive the letter.", ["a cat", "a dog"]),
        ("Pick: (A) 3 (B) 4 (C) 5", ["3", "4", "5"]),
        ("Pick:\n(A) poly(A)\n(B) both\n(C) (A) and (B)", ["poly(A)", "both", "(A) and (B)"]),
        ("P(A) is 0.3, what is P(B)?", []),
        ("(A) one (B) two (D) four", ["one", "two (D) four"]),
        ("What is 2 + 3?", []),
        ("(A) alone", []),
    ],
)  # fmt: skip
def test_options_in(question: str, options: list[str]) -> None:
    assert options_in(question) == options


@pytest.mark.parametrize(
    ("reference", "choices", "letter"),
    [
        (2, ["a", "b", "c"], "C"),
        ("2", ["a", "b", "c"], "C"),
        ("B", ["x", "y", "z"], "B"),
        ("(B)", [], "B"),
        ("An emu.", ["a cat", "an emu"], "B"),
        ("B", ["C", "B"], "B"),
        ("2", ["1", "0", "2"], "C"),
        ("C", ["x", "y", "C"], "C"),  # letter and text
        ("D", ["D", "x", "y"], "A"),  # the text of A
    ],
)
def test_letter_of(reference: Any, choices: list[str], letter: str) -> None:
    assert letter_of(reference, choices) == letter


@pytest.mark.parametrize(
    ("reference", "choices", "words"),
    [
        ("2", ["2", "3", "4"], "text of option A or the place of option C; give the letter"),
        ("C", ["C", "x", "y"], "text of option A or the letter of option C; give its place"),
        (3, ["a", "b", "c"], "3 is no place among 3 options"),
        (-1, ["a", "b"], "-1 is no place"),
        ("D", ["a", "b", "c"], "'D' names none of the 3 options"),
        ("a", ["a", "A"], "or several"),
        ("7", ["a", "b"], "7 is no place"),
        ("a dog", [], "'a dog' names none"),
    ],
)
def test_letter_of_refuses(reference: Any, choices: list[str], words: str) -> None:
    with pytest.raises(NoOption, match=words):
        letter_of(reference, choices)


def test_listed_writes_the_options_once() -> None:
    once = listed("Pick.\n", ["a", "b"])
    assert once == "Pick.\n(A) a\n(B) b"
    assert listed(once, ["a", "b"]) == once


def test_with_checker_reads_places_where_all_references_are_places() -> None:
    questions = ["Pick: (A) 2 (B) 3 (C) 4", "Pick: (A) x (B) y (C) z"]
    problems = [Problem(str(i), q, "2") for i, q in enumerate(questions)]
    found = with_checker(problems, "choice")
    assert [p.reference for p in found] == ["C", "C"]
    assert score_answer(found[0], r"\boxed{4}") and not score_answer(found[0], r"\boxed{2}")
    texts = with_checker(
        [Problem("0", questions[0], "2"), Problem("1", questions[0], "4")][1:], "choice"
    )
    assert texts[0].reference == "C"
    with pytest.raises(UserError, match="of problem '0': '2' may be the text"):
        with_checker(problems[:1], "choice")


@pytest.mark.parametrize(
    ("checker", "reference", "words"),
    [
        (
            "choice",
            "a dog",
            "'choice' does not fit the reference of problem 'p': 'a dog' names none",
        ),
        ("number", "a dog", "'a dog' is no number"),
        ("reasoning_gym", "1", "name no reasoning-gym data set"),
        ({"name": "number", "relativ": 1}, "1", "'relativ'"),
    ],
)
def test_with_checker_refuses(checker: Any, reference: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        with_checker([Problem("p", "What is it?", reference)], checker)


def test_with_checker_lets_a_tolerance_decide() -> None:
    (problem,) = with_checker(
        [Problem("p", "How far?", "10 km")], {"name": "number", "relative": 0.1}
    )
    assert score_answer(problem, "The answer is 10900 m.")
    assert not score_answer(problem, "The answer is 11100 m.")
