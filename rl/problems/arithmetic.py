"""Arithmetic problems of three families, draw for draw those of reasoning-gym 0.1.25.

After reasoning-gym's ``chain_sum``, ``leg_counting`` and ``basic_arithmetic`` (Open-Thought
community, Apache-2.0), for the settings that the embedded overthinker uses. Written here because
the package imports all of its hundred data sets at once (over two seconds a process) and cannot be
installed without a C compiler, which none of these three needs. The same seed gives the same
question, answer and metadata as there: every call of the random generator is kept, in its order.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Entry = tuple[str, str, dict[str, Any]]
"""Question, answer, metadata."""

LEGS = {
    "snake": 0, "sea slug": 0, "jellyfish": 0, "flatworm": 0, "leech": 0,
    "chicken": 2, "bird": 2, "human": 2, "duck": 2,
    "dog": 4, "cat": 4, "cow": 4, "horse": 4, "lion": 4, "elephant": 4, "giraffe": 4, "tiger": 4,
    "deer": 4, "sheep": 4,
    "starfish": 5,
    "insect": 6, "ant": 6, "butterfly": 6, "beetle": 6, "bee": 6, "wasp": 6, "grasshopper": 6,
    "cricket": 6, "cockroach": 6, "praying mantis": 6, "firefly": 6,
    "spider": 8, "scorpion": 8,
    "crab": 10, "lobster": 10, "shrimp": 10,
    "woodlouse": 14,
}  # fmt: skip
"""Legs of each animal; the order is that of the draws."""

_MOST_ANIMALS = 3
"""Of one kind."""


def chain_sum(seed: int, index: int, least: int, most: int) -> Entry:
    """Draw a sum and difference of one-digit numbers.

    Args:
        seed: Seed of the list.
        index: Place in the list.
        least: Fewest terms.
        most: Most terms.
    """
    rng = Random(seed + index)
    terms, digits = rng.randint(least, most), rng.randint(1, 1)
    numbers = [rng.randint(0, 9) for _ in range(terms)]
    symbols = [rng.choice(["+", "-"]) for _ in range(terms - 1)]
    result, expression = numbers[0], str(numbers[0])
    for symbol, number in zip(symbols, numbers[1:], strict=True):
        result = result + number if symbol == "+" else result - number
        expression += f" {symbol} {number}"
    question = f"State the final answer to the following arithmetic problem: {expression} ="
    metadata = {
        "source_dataset": "chain_sum",
        "source_index": index,
        "num_terms": terms,
        "num_digits": digits,
        "expression": expression,
        "difficulty": {"num_terms": (least, most), "num_digits": (1, 1)},
    }
    return question, str(result), metadata


def leg_counting(seed: int, index: int, least: int, most: int) -> Entry:
    """Draw a question for the legs of one to three animals of several kinds.

    Args:
        seed: Seed of the list.
        index: Place in the list.
        least: Fewest kinds.
        most: Most kinds.
    """
    rng = Random(seed + index)
    chosen = rng.sample(list(LEGS), rng.randint(least, most))
    animals = {animal: rng.randint(1, _MOST_ANIMALS) for animal in chosen}
    legs = sum(count * LEGS[animal] for animal, count in animals.items())
    listed = ", ".join(f"{n} {animal}{'s' if n > 1 else ''}" for animal, n in animals.items())
    question = (
        "Your task is to count how many legs there are in total when given a list of animals.\n\n"
        f"Now, how many legs are there in total if you have {listed}?\n"
    )
    metadata = {
        "source_dataset": "leg_counting",
        "source_index": index,
        "animals": animals,
        "num_animals": len(animals),
        "total_legs": legs,
        "difficulty": {"num_animals": (least, most), "num_instances": (1, _MOST_ANIMALS)},
    }
    return question, str(legs), metadata


def basic_arithmetic(seed: int, index: int, least: int, most: int) -> Entry:
    """Draw an expression of ``+ - *`` without parentheses, numbers from 0 to 10.

    The answer is reckoned from left to right, as reasoning-gym 0.1.25 does: "6 + 8 * 2" gives 28.

    Args:
        seed: Seed of the list.
        index: Place in the list.
        least: Fewest terms.
        most: Most terms.
    """
    rng = Random(seed + index)
    terms, digits = rng.randint(least, most), rng.randint(1, 1)
    numbers = [rng.randint(0, 10) for _ in range(terms)]
    symbols = [rng.choice(("+", "-", "*")) for _ in range(terms - 1)]
    result, expression = numbers[0], str(numbers[0])
    for symbol, number in zip(symbols, numbers[1:], strict=True):
        if symbol == "*":
            result *= number
        else:
            result = result + number if symbol == "+" else result - number
        expression += f" {symbol} {number}"
    metadata = {
        "source_dataset": "basic_arithmetic",
        "source_index": index,
        "expression": expression,
        "num_terms": terms,
        "num_digits": digits,
        "difficulty": {"num_terms": (least, most), "num_digits": (1, 1)},
    }
    return f"Calculate {expression}.", str(result), metadata


DRAWS: dict[str, Callable[[int, int, int, int], Entry]] = {
    "chain_sum": chain_sum,
    "leg_counting": leg_counting,
    "basic_arithmetic": basic_arithmetic,
}
"""The families by name."""
