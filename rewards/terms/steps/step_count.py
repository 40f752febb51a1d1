"""Charges for steps of chosen types beyond an allowance: the price of over-verification.

For a rollout that the gate lets through

    price  = sum over entries of  weight * min(max(0, n - allowance), cap)
    reward = - charge,  or  exp(- charge) - 1  with ``combine: multiply``

and 0 for all others. n counts the steps (or tokens) of the entry in its scope. An entry is a type,
or several types joined by ``+`` that are priced together, because they stand in for each other:
their counts are added up before allowance and cap. With a floor f each of max(0, f - n) missing
steps is charged as well. The shape makes the charge of the price:

    linear       price
    clipped      min(price / scale, 1)
    saturating   1 - exp(- price / scale)
    z_score      z, cut to [- z_limit, z_limit]
    sigmoid      1 / (1 + exp(- z))

where z = (price - mean) / (sd + 1e-6) over the correct rollouts of the group, 0 for a lone one,
less the dead band: 0 if abs(z) <= dead_band, else that much nearer to 0. The caps keep the greatest
linear charge finite, so that a correct rollout stays above an incorrect one (`rewards.ranking`).
With ``multiply`` and the weight of correctness, a correct rollout earns exp(- charge) times what
correctness pays: every step in a straight line takes the same share of what is left.

Source: ours. The shapes are those of published length terms: sigmoid of a z-score in Arora and
Zanette (arXiv 2502.04463) and ARLCP (arXiv 2602.12113), exp(- z) in GRPO-LEAD (arXiv 2504.09696),
a floor of reflection in REA-RL (arXiv 2505.19862).

Incorrect rollouts: nothing, unless ``gate: none``, which pays them for being short.

Example:
    step_count: {weight: 0.1, types: {VERIFY: {allowance: 1}, META + CONCLUDE + ALTERNATIVE: {
      weight: 0.5, scope: after_answer}}, shape: saturating, scale: 4}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import expm1, inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.population import GroupGate, let_through
from rewards.terms.steps.prices import (
    DEFAULT_CAPS,
    Scope,
    TypePrice,
    Unit,
    column_of,
    count_of,
    types_of,
)
from rewards.terms.steps.shapes import (
    EPSILON,
    RELATIVE,
    SCALED,
    Deviation,
    Shape,
    beyond,
    bounded,
    extremes,
)
from rewards.unread import refuse_unread
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch

_ACTS_WITH = {
    "scale": SCALED,
    "dead_band": RELATIVE,
    "deviation": RELATIVE,
    "z_limit": ("z_score",),
}
"""Parameters that act only with some shapes."""


def _verification() -> dict[str, TypePrice]:
    return {"VERIFY": TypePrice()}


@dataclass(frozen=True)
class StepCountParams(Settings):
    """Parameters of ``step_count``.

    Attributes:
        types: Type (name or tag), or several joined by ``+`` that are priced together, to its
            price, ``{VERIFY: {weight: 1, allowance: 1}, META + CONCLUDE: {cap: 6}}``.
        scope: ``thinking`` counts the whole thinking (``all`` is its older name), ``after_answer``
            only what follows the step that first states the reference (nothing, if none does),
            ``completion`` the answer and later thinking blocks too, ``completion_after_answer``
            these and what follows that step.
        unit: ``steps`` or ``tokens``.
        gate: Who is charged. ``correct``: correct rollouts. ``group_solved``: correct rollouts of
            groups whose share of correct ones is at least `solved`. ``none``: everybody, incorrect
            rollouts too (this pays incorrect answers for being short).
        solved: Share of correct rollouts, in (0, 1], at which ``group_solved`` opens.
        shape: How the charge grows with the price of the steps. ``linear``: in a straight line.
            ``clipped`` and ``saturating``: up to 1, at `scale` or ever more slowly. ``z_score`` and
            ``sigmoid``: by how it stands among the group's correct rollouts.
        scale: Price at which ``clipped`` reaches 1 and ``saturating`` 0.63; 8 steps or 400 tokens
            if left out.
        dead_band: Standard deviations from the mean that ``z_score`` and ``sigmoid`` overlook; with
            other shapes, what lies between `floor` and `allowance` of a price.
        deviation: Standard deviation of ``z_score`` and ``sigmoid``: ``sample`` divides by n - 1,
            ``population`` by n.
        z_limit: Greatest z-score, either way, that ``z_score`` charges or pays.
        combine: ``add`` takes the charge from the reward; ``multiply`` multiplies what correctness
            pays by exp(-charge), if both terms have the same weight.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'step_count'"

    types: dict[str, TypePrice] = field(default_factory=_verification)
    scope: Scope = "thinking"
    unit: Unit = "steps"
    gate: GroupGate = "correct"
    solved: Annotated[float, Interval(gt=0, le=1)] = 1.0
    shape: Shape = "linear"
    scale: Annotated[float, Interval(gt=0, lt=inf)] | None = None
    dead_band: Annotated[float, Interval(ge=0, lt=inf)] = 0.0
    deviation: Deviation = "sample"
    z_limit: Annotated[float, Interval(gt=0, lt=inf)] = 3.0
    combine: Literal["add", "multiply"] = "add"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.types:
            raise UserError(
                f"types of {self.OWNER} must name at least one step type, e.g. "
                "{VERIFY: {weight: 1}}."
            )
        for key, shapes in _ACTS_WITH.items():
            if self.shape not in shapes and getattr(self, key) != getattr(StepCountParams, key):
                raise UserError(
                    f"{key} of {self.OWNER} acts only with shape {' or '.join(shapes)}, not with "
                    f"{self.shape}; leave it out, or change the shape."
                )
        if self.gate != "group_solved":
            refuse_unread(self, f"gate: {self.gate}", "solved")
        if all(price.scope is not None for price in self.types.values()):
            refuse_unread(self, "a scope of their own for all types", "scope")
        weights = [price.weight for price in self.types.values()]
        if self.shape in RELATIVE and len(weights) == 1 and weights[0] not in (0.0, 1.0):
            raise UserError(
                f"weight {weights[0]:g} of the only entry in types of {self.OWNER} has no effect "
                f"with shape {self.shape}, which divides prices by their deviation; leave it out, "
                "or change the weight of the term."
            )
        if self.gate == "none" and self.shape in RELATIVE:
            raise UserError(
                f"shape {self.shape} of {self.OWNER} compares correct rollouts with each other, "
                "and gate none charges incorrect ones too; use gate correct, or shape saturating."
            )
        if self.combine == "multiply" and self.gate == "none":
            raise UserError(
                f"combine multiply of {self.OWNER} lowers what correctness pays, which is nothing "
                "for the incorrect rollouts of gate none; use gate correct, or combine add."
            )
        if self.combine == "multiply" and self.shape == "z_score":
            raise UserError(
                f"shape z_score of {self.OWNER} pays as well as charges, which combine multiply "
                "would turn into a multiple of correctness; use shape sigmoid, or combine add."
            )

    @property
    def cap(self) -> float:
        """Most steps or tokens of an entry that are charged for, unless it has its own cap."""
        return DEFAULT_CAPS[self.unit] if self.shape == "linear" else inf

    @property
    def each(self) -> float | None:
        """What each step or token costs under a weight of 1; None if some cost more than others."""
        weights = {price.weight for price in self.types.values() if price.weight}
        straight = self.shape == "linear" and self.combine == "add" and len(weights) == 1
        return weights.pop() if straight else None

    @property
    def full(self) -> float:
        """Scale of the shapes that have one."""
        return DEFAULT_CAPS[self.unit] if self.scale is None else self.scale


@dataclass(frozen=True)
class StepCount(Term[StepCountParams]):
    """See the module.

    Raises:
        UserError: A type the taxonomy does not have, or one named twice.
    """

    def __post_init__(self) -> None:
        self._prices()

    def _prices(self) -> dict[tuple[str, ...], TypePrice]:
        """The price of each sum of columns."""
        prices: dict[tuple[str, ...], TypePrice] = {}
        named: set[str] = set()
        for given, price in self.params.types.items():
            tags = types_of(str(given), self.taxonomy)
            for tag in tags:
                if tag in named:
                    raise UserError(
                        f"step_count names the type {tag} twice; keep one entry, alone or in a "
                        "group."
                    )
                named.add(tag)
            scope = price.scope or self.params.scope
            prices[tuple(column_of(tag, self.params.unit, scope) for tag in tags)] = price
        return prices

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        params = self.params
        price = rollouts.tokens.new_zeros(len(rollouts))
        for columns, of_each in self._prices().items():
            count = count_of(rollouts, columns)
            price = price + of_each.weight * of_each.charged(count, params.cap)
        charged = let_through(rollouts, params.gate, params.solved)
        charge = self._charge(price, rollouts, charged)
        value = 0.0 - charge if params.combine == "add" else (-charge).expm1()
        return value * charged

    def _charge(
        self, price: torch.Tensor, rollouts: Rollouts, charged: torch.Tensor
    ) -> torch.Tensor:
        params = self.params
        if params.shape not in RELATIVE:
            return bounded(price, params.shape, params.full)
        ddof = int(params.deviation == "sample")
        z = beyond(rollouts.groups.z_scores(price, charged, ddof, EPSILON), params.dead_band)
        if params.shape == "sigmoid":
            return z.sigmoid()
        return z.clamp(-params.z_limit, params.z_limit)


def bounds(params: StepCountParams) -> TermBounds:
    """From the greatest charge to the least for whoever is charged, 0 for the others."""
    greatest = sum(price.greatest(params.cap) for price in params.types.values())
    least, most = extremes(params.shape, greatest, params.full, params.z_limit)
    charged = (0.0 - most, 0.0 - least)
    if params.combine == "multiply":
        charged = (expm1(-most), expm1(-least))
    return TermBounds(charged, charged if params.gate == "none" else (0.0, 0.0))


def compares(params: StepCountParams) -> bool:
    """Whether the shape or the gate looks at the other rollouts of the prompt."""
    return params.shape in RELATIVE or params.gate == "group_solved"


KIND = TermKind(StepCountParams, StepCount, bounds, compares=compares)
