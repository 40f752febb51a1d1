"""Problems of the embedded overthinker: three families of arithmetic in three bands, and more.

The questions, answers and scorers of arithmetic are those of reasoning-gym. The bands ``search``
and ``beyond`` belong to the second edition of the model and are drawn where they are named. Splits
are cut by a hash of the question, so no question of one split can appear in another, whatever the
seeds.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rl.problems.arithmetic import DRAWS
from rl.problems.problem import Problem
from rl.problems.programs import Program, program_for
from rl.problems.searches import which_gives
from tagger.config.settings import Settings
from tagger.errors import UserError, unknown_name

BANDS = ("easy", "medium", "hard")
"""The first edition's; drawn where none is named."""
SECOND_EDITION = (*BANDS, "search")
"""What the second edition is trained on by a reward."""
ALL_BANDS = (*SECOND_EDITION, "beyond")
"""And ``beyond``, longer chains and a larger search: for tests of what was never rewarded."""

# Fewest and most terms, kinds of animals or expressions, of each family and band. Sizes are what a
# model of about a million parameters really learns: one-digit operands, running totals of two.
FAMILIES: dict[str, dict[str, tuple[int, int]]] = {
    "chain_sum": {"easy": (2, 3), "medium": (4, 4), "hard": (5, 5), "beyond": (7, 7)},
    "leg_counting": {"easy": (1, 1), "medium": (2, 2), "hard": (3, 3), "beyond": (4, 4)},
    "basic_arithmetic": {"easy": (2, 2), "medium": (3, 3), "hard": (4, 4), "beyond": (5, 5)},
    "which_gives": {"search": (2, 3), "beyond": (4, 4)},
}
FAMILY_SHARE = {
    "chain_sum": 0.4, "leg_counting": 0.2, "basic_arithmetic": 0.4, "which_gives": 0.4,
}  # fmt: skip
"""Among the families that a band has."""
_FIRST = ("chain_sum", "leg_counting", "basic_arithmetic")  # the order fixes the draw
_DRAWS = {**DRAWS, "which_gives": which_gives}

# Percent of all questions, by hash of the question.
SPLITS = {"train": range(0, 70), "calibration": range(70, 80), "test": range(80, 100)}

VALUES = range(-10, 21)
"""Problems with an intermediate value outside are left out: so small a model never learns them."""


@dataclass(frozen=True)
class OverthinkerSettings(Settings):
    """``problems.settings`` of the overthinker's problems.

    Attributes:
        bands: Bands to draw from, in equal shares.
    """

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "the overthinker's problems"

    bands: list[str] = field(default_factory=lambda: list(BANDS))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.bands or len(set(self.bands)) < len(self.bands):
            raise UserError(
                f"problems.settings.bands is {self.bands}; name at least one band, each once, of "
                f"{', '.join(ALL_BANDS)}."
            )


def split_of(question: str) -> str:
    """Name of the split a question belongs to, by SHA-256 of its text."""
    bucket = int.from_bytes(hashlib.sha256(question.encode()).digest()[:8], "big") % 100
    return next(name for name, buckets in SPLITS.items() if bucket in buckets)


def _stream(family: str, band: str, seed: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Endless entries of one family and band, block by block."""
    rng, draw, (least, most) = (
        random.Random(f"{family}/{band}/{seed}"), _DRAWS[family], FAMILIES[family][band],
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
    if program.candidates:
        return True
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
        if band not in ALL_BANDS:
            raise unknown_name("difficulty band", band, ALL_BANDS)
    rng = random.Random(f"problems/{split}/{seed}")
    streams = {(f, b): _stream(f, b, rng.randrange(2**31)) for f in _FIRST for b in BANDS}
    more = random.Random(f"problems of the second edition/{split}/{seed}")
    for family, sizes in FAMILIES.items():
        for band in sizes:
            if (family, band) not in streams:
                streams[family, band] = _stream(family, band, more.randrange(2**31))
    problems: list[Problem] = []
    seen: set[str] = set()
    misses = 0
    while len(problems) < size:
        band = bands[len(problems) % len(bands)]
        names = [name for name, sizes in FAMILIES.items() if band in sizes]
        family = rng.choices(names, [FAMILY_SHARE[name] for name in names])[0]
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
