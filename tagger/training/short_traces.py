"""Data augmentation: short traces made of long ones, so that a tagger uses more than position.

Labelled traces are long: their first ten steps hold hardly any verification, and nearly all of it
comes after an answer. A tagger trained on them alone takes "Let me check: 7 - 4 = 3." for a
computation when it is the second step of a trace. So it is also trained on excerpts of the same
traces that begin somewhere in the middle and leave steps out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tagger.thinking.keywords import CHECKING_KEYWORDS, has_keyword

SHORTEST, LONGEST = 2, 24
"""Minimum and maximum number of steps of a shortened trace, where there are as many."""

KEPT_SHARES = (1.0, 1.0, 0.7, 0.4)
"""Shares of the steps to keep; one is drawn for each trace."""


@dataclass(frozen=True)
class Shortened:
    """Which steps of a trace a shorter one is made of.

    Attributes:
        steps: Their indices, ascending.
        clear: Whether the type of each is still evident; it is not for a verification step whose
            only sign is that it repeats steps left out.
    """

    steps: list[int]
    clear: list[bool]


def shorten(texts: Sequence[str], verifies: Sequence[bool], draw: Random) -> Shortened:
    """Draw a shorter trace.

    Args:
        texts: Of all steps, at least one.
        verifies: Whether each is a verification step.
        draw: Source of random numbers.

    Returns:
        The steps of the shorter trace.
    """
    share = draw.choice(KEPT_SHARES)
    size = min(len(texts), draw.randint(SHORTEST, LONGEST))
    reach = min(len(texts), round(size / share))
    begin = draw.randint(0, len(texts) - reach)
    steps = sorted(draw.sample(range(begin, begin + reach), size))
    clear: list[bool] = []
    for place, step in enumerate(steps):
        adjacent = place > 0 and steps[place - 1] == step - 1
        continues = adjacent and verifies[step - 1] and clear[-1]
        clear.append(not verifies[step] or continues or has_keyword(texts[step], CHECKING_KEYWORDS))
    return Shortened(steps, clear)
