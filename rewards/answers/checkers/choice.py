"""Multiple choice: the letter of one option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.answers.extract import extract_answer, extract_option
from rewards.answers.match import answers_match, folded
from rewards.answers.options import read_option, reference_option
from rewards.answers.quantities import read_quantity

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check_choice(answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
    """Correct if the answer names the reference's option, and no other.

    Args:
        answer: Text behind the closing delimiter; an option in any wording that
            `rewards.answers.options.read_option` reads.
        reference: The option's letter.
        metadata: Under ``choices``, if the problem set gives them, the texts of all options in
            order; then the text of the correct one will do for its letter.
    """
    wanted = reference_option(reference)
    if wanted is None:
        return False
    given = read_option(extract_option(answer))
    if given is not None:
        return given.letter == wanted.letter
    choices = metadata.get("choices") or ()
    return wanted.letter in LETTERS[: len(choices)] and (
        _chosen_by_text(answer, choices) == LETTERS.index(wanted.letter)
    )


def _chosen_by_text(answer: str, choices: Any) -> int | None:
    """Place of the only option whose text the answer gives."""
    texts = [str(choice) for choice in choices]
    numeric = all(read_quantity(text) is not None for text in texts)
    given = extract_answer(answer, numeric)
    same = [i for i, text in enumerate(texts) if folded(text) == folded(given)]
    same = same or [i for i, text in enumerate(texts) if answers_match(given, text)]
    return same[0] if len(same) == 1 else None
