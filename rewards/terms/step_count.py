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

from rewards.facts.columns import column_index, columns
from rewards.terms.base import RewardTerm, TermBounds
from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy

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


def build(params: StepCountParams, taxonomy: Taxonomy) -> RewardTerm:
    """Build the term.

    Raises:
        UserError: A type the taxonomy does not have, or one named twice.
    """
    group = {"steps": "count", "tokens": "tokens"}[params.unit]
    group += _GROUPS[params.scope]
    names = columns(taxonomy)
    prices: dict[int, TypePrice] = {}
    for given, price in params.types.items():
        tag = taxonomy.get(str(given)).tag
        column = column_index(names, f"{group}/{tag}")
        if column in prices:
            raise UserError(f"step_count names the type {tag} twice; keep one entry.")
        prices[column] = price
    correct = column_index(names, "correct")

    def step_count(facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        charge = facts.new_zeros(len(facts))
        for column, price in prices.items():
            over = (facts[:, column] - price.allowance).clamp(min=0.0)
            charge = charge + price.weight * over.clamp(max=price.most(params.unit))
        if params.gate == "none":
            return 0.0 - charge
        charged = facts[:, correct] > 0
        if params.gate == "group_solved":
            charged = charged & _solved(facts[:, correct], groups, params.solved)
        return (0.0 - charge) * charged

    return step_count


def bounds(params: StepCountParams) -> TermBounds:
    """Down to minus the greatest charge for whoever is charged, 0 for the others."""
    charge = sum(price.greatest(params.unit) for price in params.types.values())
    charged, spared = (-charge, 0.0), (0.0, 0.0)
    return TermBounds(charged, charged if params.gate == "none" else spared)


def _solved(correct: torch.Tensor, groups: torch.Tensor, share: float) -> torch.Tensor:
    """Which rollouts belong to a group whose share of correct ones is at least `share`; (B,)."""
    import torch

    _, index = torch.unique(groups, return_inverse=True)
    right = torch.zeros(int(index.max()) + 1, dtype=torch.float64, device=correct.device)
    members = torch.zeros_like(right)
    right.index_add_(0, index, correct.double())
    members.index_add_(0, index, torch.ones_like(correct, dtype=torch.float64))
    return ((right / members) >= share - 1e-9)[index]
