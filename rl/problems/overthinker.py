"""Problems of the embedded overthinker: three families of arithmetic in three bands.

The questions, answers and scorers are those of reasoning-gym. Splits are cut by a hash of the
question, so no question of one split can appear in another, whatever the seeds.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any

from rl.problems.arithmetic import DRAWS
from rl.problems.problem import Problem
from rl.problems.programs import Program, program_for
from tagger.errors import UserError, unknown_name

BANDS = ("easy", "medium", "hard")

# Fewest and most terms, or kinds of animals, of each family and band. Sizes are what a model of
# about a million parameters really learns: one-digit operands, running totals of two digits.
FAMILIES: dict[str, dict[str, tuple[int, int]]] = {
    "chain_sum": {"easy": (2, 3), "medium": (4, 4), "hard": (5, 5)},
    "leg_counting": {"easy": (1, 1), "medium": (2, 2), "hard": (3, 3)},
    "basic_arithmetic": {"easy": (2, 2), "medium": (3, 3), "hard": (4, 4)},
}
FAMILY_SHARE = {"chain_sum": 0.4, "leg_counting": 0.2, "basic_arithmetic": 0.4}

# Percent of all questions, by hash of the question.
SPLITS = {"train": range(0, 70), "calibration": range(70, 80), "test": range(80, 100)}

VALUES = range(-10, 21)
"""Problems with an intermediate value outside are left out: so small a model never learns them."""


def split_of(question: str) -> str:
    """Name of the split a question belongs to, by SHA-256 of its text."""
    bucket = int.from_bytes(hashlib.sha256(question.encode()).digest()[:8], "big") % 100
    return next(name for name, buckets in SPLITS.items() if bucket in buckets)


def _stream(family: str, band: str, seed: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Endless entries of one family and band, block by block."""
    rng, draw, (least, most) = (
        random.Random(f"{family}/{band}/{seed}"), DRAWS[family], FAMILIES[family][band],
    )  # fmt: skip
    while True:
        block = rng.randrange(2**31)
        for index in range(256):
            question, answer, metadata = draw(block, index, least, most)
            yield question.strip(), answer, metadata


def _fits(program: Program, reference: str) -> bool:
    """Small enough to be learned, and with a sound reference.

    References of `basic_arithmetic` that are reckoned from left to right, against the precedence
    of ``*``, are left out.
    """
    values = program.results()
    return str(values[-1]) == reference and all(value in VALUES for value in values)


def make_problems(
    split: str,
    size: int,
    seed: int,
    bands: tuple[str, ...] = BANDS,
    unique: bool = True,
) -> list[Problem]:
    """Draw problems of one split, the bands in equal shares.

    Args:
        split: ``train``, ``calibration`` or ``test``.
        size: Number of problems.
        seed: Seed of the draw; the same seed gives the same list.
        bands: Bands to draw from.
        unique: No question twice. Easy questions are few: about 800 in the test split.

    Returns:
        `size` problems, bands interleaved.

    Raises:
        UserError: Unknown split or band, or more unique problems asked for than there are.
    """
    if split not in SPLITS:
        raise unknown_name("split of the overthinker's problems", split, SPLITS)
    for band in bands:
        if band not in BANDS:
            raise unknown_name("difficulty band", band, BANDS)
    rng = random.Random(f"problems/{split}/{seed}")
    streams = {(f, b): _stream(f, b, rng.randrange(2**31)) for f in FAMILIES for b in BANDS}
    names, shares = list(FAMILY_SHARE), list(FAMILY_SHARE.values())
    problems: list[Problem] = []
    seen: set[str] = set()
    misses = 0
    while len(problems) < size:
        band = bands[len(problems) % len(bands)]
        family = rng.choices(names, shares)[0]
        question, reference, metadata = next(streams[family, band])
        if split_of(question) != split or not _fits(program_for(family, metadata), reference):
            continue
        if unique and question in seen:
            misses += 1
            if misses > 20_000:
                raise UserError(
                    f"The {split} split holds fewer than {size} different problems of the bands "
                    f"{', '.join(bands)}; ask for fewer."
                )
            continue
        seen.add(question)
        problems.append(
            Problem(
                id=f"{split}-{seed}-{len(problems)}",
                question=question,
                reference=reference,
                band=band,
                family=family,
                metadata=metadata,
            )
        )
    return problems
