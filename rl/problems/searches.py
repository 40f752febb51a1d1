"""Searches: which of some expressions gives a value? Ours.

To test an expression takes a short chain of operations; to name the one that gives the value at
once takes all of them, so that an answer at first sight is a guess. The values are one-digit
numbers close to each other, so that the size of an expression gives nothing away.
"""

from __future__ import annotations

from random import Random
from typing import Any

LETTERS = "ABCDE"
TERMS = 4
"""Of an expression."""
REACH = 3
"""How far the value of another expression lies from the one asked for, at most."""
_RUNNING = range(0, 21)


def which_gives(seed: int, index: int, least: int, most: int) -> tuple[str, str, dict[str, Any]]:
    """Draw a question which of some expressions gives a value.

    Args:
        seed: Seed of the list.
        index: Place in the list.
        least: Fewest expressions.
        most: Most expressions.

    Returns:
        Question, letter of the expression, metadata.
    """
    rng = Random(f"which_gives/{seed}/{index}")
    count = rng.randint(least, most)
    target = rng.randint(1, 9)
    near = [v for v in range(1, 10) if 0 < abs(v - target) <= REACH]
    values = [target, *rng.sample(near, count - 1)]
    rng.shuffle(values)
    candidates = {
        letter: _expression(rng, value) for letter, value in zip(LETTERS, values, strict=False)
    }
    listed = ", ".join(f"{letter}: {text}" for letter, text in candidates.items())
    metadata = {
        "candidates": candidates,
        "target": target,
        "difficulty": {"candidates": (least, most)},
    }
    return f"Which gives {target}? {listed}.", LETTERS[values.index(target)], metadata


def _expression(rng: Random, value: int) -> str:
    """An expression of that value: sums and differences, in half of them after a product."""
    while True:
        product = rng.random() < 0.5
        text = str(total := rng.randint(2, 5) if product else rng.randint(1, 9))
        for place in range(1, TERMS):
            if product and place == 1:
                symbol, number = "*", rng.randint(2, 4)
                total *= number
            else:
                symbol, number = rng.choice("+-"), rng.randint(1, 9)
                total += number if symbol == "+" else -number
            if total not in _RUNNING:
                break
            text += f" {symbol} {number}"
        else:
            if total == value:
                return text
