"""Short traces made of long ones, so that a tagger learns what a step says and not only where.

Labelled traces are long: in their first ten steps hardly anything is checked, and nearly every
check comes after an answer. A tagger trained on them alone takes "Let me check: 7 - 4 = 3." for a
computation when it is the second step of a trace. So it also learns from pieces of the same traces:
begun somewhere in the middle, with steps left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tagger.thinking.keywords import CHECKING_KEYWORDS, has_keyword

SHORTEST, LONGEST = 2, 24
"""Steps a shortened trace holds at least and at most, where there are as many."""

KEPT_SHARES = (1.0, 1.0, 0.7, 0.4)
"""Shares of the steps that are kept, one of which is drawn for a trace."""


@dataclass(frozen=True)
class Shortened:
    """Which steps of a trace a shorter one is made of.

    Attributes:
        steps: Their indices, ascending.
        clear: Whether each one's type can still be told; it cannot where a check shows by
            nothing but a repetition of what was left out.
    """

    steps: list[int]
    clear: list[bool]


def shorten(texts: Sequence[str], checks: Sequence[bool], draw: Random) -> Shortened:
    """Draw a shorter trace.

    Args:
        texts: Of all steps, at least one.
        checks: Whether each is a verification.
        draw: Chooses.

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
        goes_on = place > 0 and steps[place - 1] == step - 1 and checks[step - 1] and clear[-1]
        clear.append(not checks[step] or goes_on or has_keyword(texts[step], CHECKING_KEYWORDS))
    return Shortened(steps, clear)
