"""What a varied key may be: a list of values, or a range that values are drawn from."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tagger.errors import UserError

VARY = "vary"
"""Key of an arm that takes the place of the sweep's own `vary`."""
RANGES = ("uniform", "log", "integer")
"""Kinds of ranges: uniform, uniform in the logarithm, whole numbers with both ends."""
_DIGITS = 4
"""Significant digits of a drawn number: enough to reproduce, few enough to read."""


@dataclass(frozen=True)
class Choices:
    """A list of values.

    Attributes:
        values: At least one, each once.
    """

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """A range of numbers.

    Attributes:
        kind: One of `RANGES`.
        low: The lower end.
        high: The upper end, above `low`.
    """

    kind: str
    low: float
    high: float

    def at(self, share: float) -> float:
        """The number at a share of the range, from 0 to 1; whole for ``integer``."""
        if self.kind == "integer":
            return min(int(self.low + share * (self.high - self.low + 1)), int(self.high))
        if self.kind == "log":
            value = math.exp(math.log(self.low) + share * math.log(self.high / self.low))
        else:
            value = self.low + share * (self.high - self.low)
        return self.within(value)

    def within(self, value: float) -> float:
        """A number rounded, and not beyond the ends by that."""
        return min(max(rounded(value), float(self.low)), float(self.high))


Space = Mapping[str, Choices | Range]
"""What each varied key may be, by its dotted name."""


def rounded(value: float) -> float:
    """A number with as many digits as drawn ones have."""
    return float(f"{value:.{_DIGITS}g}")


def read_space(vary: Any, where: str = "vary") -> dict[str, Choices | Range]:
    """Check what is varied.

    Args:
        vary: Dotted keys, each with a list or a range.
        where: What to call it in errors.

    Raises:
        UserError: No mapping, an empty list, a value that is listed twice, or no range.
    """
    if not isinstance(vary, Mapping):
        raise UserError(f"{where} is {vary!r}; it must hold keys with lists of values or ranges.")
    return {str(key): _read_entry(value, f"{where}.{key}") for key, value in vary.items()}


def _read_entry(value: Any, where: str) -> Choices | Range:
    if isinstance(value, list):
        if not value:
            raise UserError(f"{where} is an empty list; list the values to try.")
        seen: dict[str, Any] = {}
        for one in value:
            if canonical(one) in seen:
                raise UserError(f"{where} lists {one!r} twice; list each value once.")
            seen[canonical(one)] = one
        return Choices(tuple(value))
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in RANGES:
        ((kind, ends),) = value.items()
        return _read_range(str(kind), ends, where)
    raise UserError(
        f"{where} is {value!r}; give a list of values, such as [0.03, 0.1], or a range:"
        " {uniform: [0, 1]}, {log: [0.01, 1]} or {integer: [1, 8]}."
    )


def _read_range(kind: str, ends: Any, where: str) -> Range:
    number = int if kind == "integer" else int | float
    if not (
        isinstance(ends, list)
        and len(ends) == 2
        and all(isinstance(e, number) and not isinstance(e, bool) for e in ends)
        and -math.inf < ends[0] < ends[1] < math.inf
        and (kind != "log" or ends[0] > 0)
    ):
        above = " above 0" if kind == "log" else ""
        what = "whole numbers" if kind == "integer" else "numbers"
        raise UserError(
            f"{where} is {{{kind}: {ends!r}}}; a range needs two {what}{above}, the lower first."
        )
    return Range(kind, ends[0], ends[1])


def draw(space: Space, trials: int, seed: int) -> list[dict[str, Any]]:
    """Draw points; the draws of a key depend on its name and the seed, not on the other keys.

    Args:
        space: What is varied.
        trials: How many.
        seed: Seed of the draws.

    Returns:
        Values by key, one mapping a trial.
    """
    columns = {key: _column(key, entry, trials, seed) for key, entry in space.items()}
    return [{key: column[i] for key, column in columns.items()} for i in range(trials)]


def _column(key: str, entry: Choices | Range, trials: int, seed: int) -> list[Any]:
    import numpy as np

    own = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    shares = np.random.default_rng([seed, own]).random(trials)
    if isinstance(entry, Range):
        return [entry.at(float(share)) for share in shares]
    return [entry.values[int(share * len(entry.values))] for share in shares]


def grid(space: Space) -> list[dict[str, Any]]:
    """Every combination of the values, the last key fastest.

    Raises:
        UserError: A key has a range.
    """
    points: list[dict[str, Any]] = [{}]
    for key, entry in space.items():
        if isinstance(entry, Range):
            raise UserError(
                f"vary.{key} is a range, and a grid needs lists; list values, or set method: random"
                " and trials."
            )
        points = [{**point, key: value} for point in points for value in entry.values]
    return points


def number_of_points(space: Space) -> int | None:
    """How many different points there are; None where a key has a range of real numbers."""
    found = 1
    for entry in space.values():
        if isinstance(entry, Choices):
            found *= len(entry.values)
        elif entry.kind == "integer":
            found *= int(entry.high) - int(entry.low) + 1
        else:
            return None
    return found


def canonical(value: Any) -> str:
    """A value as text that does not depend on the order of keys, nor on 1 being written 1.0."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
