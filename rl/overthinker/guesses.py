"""Writes the second edition's searches: a guess is stated, tested, and replaced if it fails."""

from __future__ import annotations

import random

from rl.overthinker.paragraphs import Paragraphs, Piece
from rl.overthinker.traces import Trace
from rl.problems.programs import Program

LATER_GUESS = 0.6
"""Chance that a guess after a failed test is correct; the first is drawn from all letters alike."""


def write_search(program: Program, hazard: tuple[float, ...], rng: random.Random) -> Trace:
    """Write one trace of a search.

    Incorrect guesses are read only, so that a model learns to guess as well as it can and no
    worse. A test of the stated letter is a verification; nothing is tested before it is stated.

    Args:
        program: With candidates.
        hazard: Chance to close the thinking after so many rounds of verifying.
        rng: Source of all choices.
    """
    text, target = Paragraphs(rng), program.target
    results = {letter: chain.results()[-1] for letter, chain in program.candidates}
    answer = next(letter for letter, value in results.items() if value == target)
    text.say("RESTATE", f"I need the one that gives {target}.", f"One of them gives {target}.")
    tried: list[str] = []
    guess = first = rng.choice(list(results))
    _state(text, guess, answer)
    rounds, tested = 0, False
    while rng.random() >= hazard[rounds]:
        rounds += 1
        if rng.random() < 0.12:
            text.doubt()
        if tested and rng.random() < 0.15:
            text.confirm(guess)
            continue
        tested = _test(text, program, guess)
        if not tested:
            tried.append(guess)
            others = [k for k in results if k != answer and k not in tried]
            sure = not others or rng.random() < LATER_GUESS
            guess = answer if sure else rng.choice(others)
            _state(text, guess, answer)
    return text.trace(guess, first, rounds)


def _state(text: Paragraphs, guess: str, answer: str) -> None:
    shown: Piece = f" {guess}" if guess == answer else (f" {guess}",)
    text.say("CONCLUDE", ["So the answer is", shown, "."])


def _test(text: Paragraphs, program: Program, guess: str) -> bool:
    """Test the stated letter; whether it gives the target.

    The value is compared by a subtraction, which so small a model does without fail; telling two
    numbers apart at sight it does not learn.
    """
    equations = dict(program.candidates)[guess].run()
    work, value = ", ".join(str(e) for e in equations), equations[-1].result
    left = value - program.target
    verdict = "No" if left else "Yes"
    text.say(
        "VERIFY",
        f"{text.opener()}, {guess}: {work}. {value} - {program.target} = {left}. {verdict}.",
    )
    return not left
