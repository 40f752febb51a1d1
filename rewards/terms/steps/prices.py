"""What the steps of one type cost, or of several types priced together."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts
from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    import torch

Scope = Literal["thinking", "after_answer", "completion", "completion_after_answer", "all"]
Unit = Literal["steps", "tokens"]

_GROUPS = {
    "thinking": "",
    "after_answer": "_after",
    "completion": "_completion",
    "completion_after_answer": "_after_completion",
    "all": "",  # the earlier name of "thinking"
}
"""Scope to the end of its column group's name."""
DEFAULT_CAPS = {"steps": 8.0, "tokens": 400.0}
"""Most steps or tokens of one entry that are charged for in a straight line, unless it has a cap;
and the scale of the shapes that have one."""


@dataclass(frozen=True)
class TypePrice(Settings):
    """Price of one type, or of several together, whose counts are added up first.

    Attributes:
        weight: Charged for each step (or token) beyond the allowance; at least 0.
        allowance: Steps (or tokens) that are free.
        cap: Most that are charged for; 8 steps or 400 tokens if left out (no limit with another
            shape than ``linear``), ``.inf`` for no limit.
        floor: Steps (or tokens) there should be, at most the allowance: each that is missing is
            charged like one too many. Between `floor` and `allowance` nothing is charged.
        scope: Where these types count; the term's `scope` if left out.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "the price of a type"

    weight: Annotated[float, Interval(ge=0, lt=inf)] = 1.0
    allowance: Annotated[float, Ge(0)] = 0.0
    cap: Annotated[float, Ge(0)] | None = None
    floor: Annotated[float, Interval(ge=0, lt=inf)] = 0.0
    scope: Scope | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.floor > self.allowance:
            raise UserError(
                f"floor {self.floor:g} of {self.OWNER} lies above its allowance "
                f"{self.allowance:g}, so that every count would be charged; raise the allowance "
                f"to {self.floor:g} or more."
            )

    def charged(self, count: torch.Tensor, cap: float) -> torch.Tensor:
        """How many are charged for: those beyond the allowance, or those missing.

        Args:
            count: Steps or tokens, shape (B,).
            cap: Most, if the price has none of its own.
        """
        most = cap if self.cap is None else self.cap
        over = (count - self.allowance).clamp(min=0.0).clamp(max=most)
        return over + (self.floor - count).clamp(min=0.0) if self.floor else over

    def greatest(self, cap: float) -> float:
        """Greatest charge, infinite without a cap; argument as for `charged`."""
        most = max(cap if self.cap is None else self.cap, self.floor)
        return self.weight * most if self.weight else 0.0


def types_of(name: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The tags that a key of prices stands for.

    Args:
        name: A type by name or tag, or several joined by ``+``.
        taxonomy: Where they are.

    Raises:
        UserError: The taxonomy has no such type.
    """
    known = {*taxonomy.tags, *taxonomy.names, *taxonomy.aliases}
    parts = [name] if name in known else [part.strip() for part in name.split("+")]
    return tuple(taxonomy.get(part).tag for part in parts)


def column_of(tag: str, unit: Unit, scope: Scope) -> str:
    """The facts column that counts steps or tokens of a type in a scope."""
    return f"{'count' if unit == 'steps' else 'tokens'}{_GROUPS[scope]}/{tag}"


def count_of(rollouts: Rollouts, columns: tuple[str, ...]) -> torch.Tensor:
    """Sum of some columns, (B,)."""
    count = rollouts[columns[0]]
    for column in columns[1:]:
        count = count + rollouts[column]
    return count
