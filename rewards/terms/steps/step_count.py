"""Charges for steps of chosen types beyond an allowance: the price of over-verification.

For a rollout that the gate lets through

    reward = - sum over types of  weight * min(max(0, n - allowance), cap)

where n counts the steps (or tokens) of that type in the scope; 0 for all others. The cap keeps the
greatest charge finite, so that a correct rollout stays above an incorrect one (`rewards.ranking`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch

_GROUPS = {
    "thinking": "",
    "after_answer": "_after",
    "completion": "_completion",
    "all": "",  # the earlier name of "thinking"
}
"""Scope to the end of its column group's name."""
DEFAULT_CAPS = {"steps": 8.0, "tokens": 400.0}
"""Most steps or tokens of one type that are charged for, unless `TypePrice.cap` says otherwise."""


@dataclass(frozen=True)
class TypePrice(Settings):
    """Price of one type.

    Attributes:
        weight: Charged for each step (or token) beyond the allowance; at least 0.
        allowance: Steps (or tokens) that are free.
        cap: Most that are charged for; 8 steps or 400 tokens if left out, ``.inf`` for no limit.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "the price of a type"

    weight: Annotated[float, Ge(0)] = 1.0
    allowance: Annotated[float, Ge(0)] = 0.0
    cap: Annotated[float, Ge(0)] | None = None

    def most(self, unit: str) -> float:
        """Most steps or tokens that are charged for."""
        return DEFAULT_CAPS[unit] if self.cap is None else self.cap

    def greatest(self, unit: str) -> float:
        """Greatest charge; infinite without a cap."""
        return self.weight * self.most(unit) if self.weight else 0.0


def _verification() -> dict[str, TypePrice]:
    return {"VERIFY": TypePrice()}


@dataclass(frozen=True)
class StepCountParams(Settings):
    """Parameters of ``step_count``.

    Attributes:
        types: Type (name or tag) to its price, ``{VERIFY: {weight: 1, allowance: 1, cap: 6}}``.
        scope: ``thinking`` counts the whole thinking (``all`` is its older name), ``after_answer``
            only what follows the step that first states the reference (nothing, if none does),
            ``completion`` the answer and later thinking blocks too.
        unit: ``steps`` or ``tokens``.
        gate: Who is charged. ``correct``: correct rollouts. ``group_solved``: correct rollouts of
            groups whose share of correct ones is at least `solved`. ``none``: everybody, incorrect
            rollouts too (this pays incorrect answers for being short).
        solved: Share of correct rollouts, in (0, 1], at which ``group_solved`` opens.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'step_count'"

    types: dict[str, TypePrice] = field(default_factory=_verification)
    scope: Literal["thinking", "after_answer", "completion", "all"] = "thinking"
    unit: Literal["steps", "tokens"] = "steps"
    gate: Literal["correct", "group_solved", "none"] = "correct"
    solved: Annotated[float, Interval(gt=0, le=1)] = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.types:
            raise UserError(
                f"types of {self.OWNER} must name at least one step type, e.g. "
                "{VERIFY: {weight: 1}}."
            )


@dataclass(frozen=True)
class StepCount(Term[StepCountParams]):
    """See the module.

    Raises:
        UserError: A type the taxonomy does not have, or one named twice.
    """

    def __post_init__(self) -> None:
        self._prices()

    def _prices(self) -> dict[str, TypePrice]:
        """The price of each column."""
        group = {"steps": "count", "tokens": "tokens"}[self.params.unit]
        group += _GROUPS[self.params.scope]
        prices: dict[str, TypePrice] = {}
        for given, price in self.params.types.items():
            tag = self.taxonomy.get(str(given)).tag
            if f"{group}/{tag}" in prices:
                raise UserError(f"step_count names the type {tag} twice; keep one entry.")
            prices[f"{group}/{tag}"] = price
        return prices

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        charge = rollouts.tokens.new_zeros(len(rollouts))
        for column, price in self._prices().items():
            over = (rollouts[column] - price.allowance).clamp(min=0.0)
            charge = charge + price.weight * over.clamp(max=price.most(self.params.unit))
        if self.params.gate == "none":
            return 0.0 - charge
        charged = rollouts.correct
        if self.params.gate == "group_solved":
            charged = charged & (rollouts.groups.share(charged) >= self.params.solved - 1e-9)
        return (0.0 - charge) * charged


def bounds(params: StepCountParams) -> TermBounds:
    """Down to minus the greatest charge for whoever is charged, 0 for the others."""
    charge = sum(price.greatest(params.unit) for price in params.types.values())
    charged, spared = (-charge, 0.0), (0.0, 0.0)
    return TermBounds(charged, charged if params.gate == "none" else spared)


KIND = TermKind(StepCountParams, StepCount, bounds)
