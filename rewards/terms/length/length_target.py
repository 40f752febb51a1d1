"""Charges or pays correct rollouts by their distance from a length that the problem announces.

With n tokens announced and L used, a correct rollout gets

    exact              reward = - min(cap, alpha * |n - L|)
    max, slope: code   reward = (clip(alpha * (n - L), -1, 1) + 1) / 2
    max, slope: paper  reward = clip(alpha * (n - L) + 0.5, 0, 1)

and all others 0. n is `budget` of the problem's metadata, which the prompt should announce to the
model, else the parameter; a rollout with neither is left out (the term does not apply). A budget of
less than -1 counts without its sign, by which L1's data tell max from exact.

Source: L1 (LCPO), Aggarwal and Welleck 2025, arXiv 2503.04697; math_reward.py of cmu-l3/l1 at
93dd330, alpha 0.0003 in its script, n from 100 to 4,000. Its L1-exact is correctness at weight 1
and this at weight 1 with ``gate: none`` and ``cap: .inf``; more than 3,333 tokens off, a correct
rollout then scores below an incorrect one on target, which the cap prevents. Its L1-max multiplies:
this alone, without correctness. The code's slope is half the paper's. Its sigmoid variants, of
which one grows with the distance and one jumps at the budget, are left out. ConciseR's bonus
1 - L/max (arXiv 2505.21178) is ``{mode: max, slope: paper, alpha: 1/max, budget: max/2}``.

Incorrect rollouts: nothing by default. As published (exact, and max where it is added to
correctness; ``gate: none``) they get what correct ones of their length get: a short wrong answer
within budget is paid like a right one.

Example:
    length_target: {weight: 1.0, mode: exact, alpha: 0.0003, cap: 0.9, budget: 1000}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Gt, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.population import Gate
from rewards.unread import refuse_unread
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LengthTargetParams(Settings):
    """Parameters of ``length_target``.

    Attributes:
        mode: ``exact`` charges distance in both directions, ``max`` pays what stays below.
        alpha: Charge of a token of distance.
        budget: Tokens announced where the problem's metadata has no ``budget``; such rollouts are
            left out if neither is given.
        cap: Greatest charge of ``exact``; ``.inf`` for no limit, as published.
        slope: Of ``max``: as in the ``code``, or as in the ``paper``.
        gate: Who is paid and charged. ``correct``: correct rollouts. ``none``: incorrect rollouts
            too (this pays incorrect answers for their length).
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'length_target'"

    mode: Literal["exact", "max"] = "exact"
    alpha: Annotated[float, Interval(gt=0, lt=inf)] = 0.0003
    budget: Annotated[float, Interval(gt=0, lt=inf)] | None = None
    cap: Annotated[float, Gt(0)] = 1.0
    slope: Literal["code", "paper"] = "code"
    gate: Gate = "correct"

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse_unread(self, f"mode: {self.mode}", "slope" if self.mode == "exact" else "cap")


@dataclass(frozen=True)
class LengthTarget(Term[LengthTargetParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,); NaN without a budget."""
        announced = rollouts["budget"]
        otherwise = float("nan") if self.params.budget is None else self.params.budget
        given = (announced != -1) & (announced != 0)
        left = announced.abs().where(given, otherwise) - rollouts.tokens
        if self.params.mode == "exact":
            value = 0.0 - (self.params.alpha * left.abs()).clamp(max=self.params.cap)
            counted = rollouts.correct
        else:
            half = self.params.alpha * left / (2.0 if self.params.slope == "code" else 1.0)
            value = (half + 0.5).clamp(0.0, 1.0)
            counted = rollouts.completed
        if self.params.gate == "none":
            return value
        return value.masked_fill(~counted & ~value.isnan(), 0.0)


def bounds(params: LengthTargetParams) -> TermBounds:
    """Charges down to the cap, or pay up to 1, for whoever the gate lets through."""
    paid = (-params.cap, 0.0) if params.mode == "exact" else (0.0, 1.0)
    return TermBounds(paid, paid if params.gate == "none" else (0.0, 0.0))


KIND = TermKind(
    LengthTargetParams,
    LengthTarget,
    bounds,
    source="Aggarwal and Welleck 2025 (L1), arXiv 2503.04697",
    may_not_apply=True,
    reads={"budget": "or the parameter budget"},
)
