"""Numbers within a tolerance, with units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Interval

from rewards.answers.extract import extract_answer
from rewards.answers.quantities import Quantity, read_quantity, same_quantity
from rewards.answers.symbolic import numeric_value
from rewards.answers.units import PERCENT, same_unit
from tagger.config.settings import Settings


@dataclass(frozen=True)
class NumberChecker(Settings):
    """Correct if the answer is a number close to the reference.

    An answer a is close to the reference r if ``|a - r| <= max(absolute, relative * |r|)``. Units
    of one kind are converted first, units of two kinds never agree, and one that only one side has
    is ignored. Where only one side has a percent sign, 50 % is close to 50 and to 0.5.

    Attributes:
        relative: Tolerance as a share of the reference.
        absolute: Tolerance in the reference's unit.
    """

    OWNER: ClassVar[str] = "checker 'number'"

    relative: Annotated[float, Interval(ge=0, lt=1)] = 1e-6
    absolute: Annotated[float, Ge(0), Interval(lt=math.inf)] = 0.0

    def __call__(self, answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
        """Say whether the number that the answer gives is close to the reference."""
        given, wanted = read_number(extract_answer(answer)), read_number(reference)
        if given is None or wanted is None:
            return False
        if same_quantity(given, wanted):
            return True
        percents = [q.unit is not None and q.unit.dimension == PERCENT for q in (given, wanted)]
        if percents[0] != percents[1]:
            bare, share = (wanted, given) if percents[0] else (given, wanted)
            if bare.unit is not None:
                return False
            scales = (Fraction(1), Fraction(1, 100))
            pairs = [(share.value * scale, bare.value) for scale in scales]
            return any(self._close(*(p if percents[0] else p[::-1])) for p in pairs)
        factor = same_unit(given.unit, wanted.unit)
        return factor is not None and self._close(given.value * factor, wanted.value)

    def _close(self, given: Fraction, wanted: Fraction) -> bool:
        tolerance = max(Fraction(self.absolute), Fraction(self.relative) * abs(wanted))
        return abs(given - wanted) <= tolerance


def read_number(text: str) -> Quantity | None:
    r"""A number with or without a unit, or what an expression such as ``2\pi`` comes to.

    Args:
        text: An answer or reference, and nothing but it.
    """
    quantity = read_quantity(text)
    if quantity is not None:
        return quantity
    value = numeric_value(text)
    return None if value is None else Quantity(value)
