"""Dual ascent on the weight of a term for a target mean length.

After each batch of training rollouts of mean length L

    w <- clip(w + rate * (L / target - 1), 0, ceiling)

so that w is the multiplier of the constraint L <= target: it rises while rollouts are too long,
falls while they are shorter and is never negative (one-sided, no pay for length). A target as a
share is one of the mean length of the first `reference_batches` batches, until which w stays.

Source: Leash, arXiv 2512.21540, as a public file with its name for the constraint has it (rate
0.02, start 0.01, ceiling 2, target 4,096 tokens); LACONIC, arXiv 2602.14468, is alike. There the
term is -max(0, L / target - 1) of a rollout, for correct ones; here w is the weight of whatever
term it is given to.

Example:
    step_count: {unit: tokens, weight: {schedule: length_dual, share: 0.5, ceiling: 0.002,
      start: 0.0005, rate: 0.0001}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge

from rewards.unread import refuse_unread
from rewards.weights.base import Constraint, Positive, Site, WeightSettings
from rewards.weights.control.limits import CEILING, Limited, check_start, check_term, held
from rewards.weights.observation import Batch, Evaluated
from tagger.errors import UserError


@dataclass(frozen=True)
class LengthDual(WeightSettings):
    """Parameters of ``length_dual``.

    Attributes:
        target: Mean length to reach, in tokens.
        share: Mean length to reach, as a share of the starting policy's; in place of `target`.
        rollouts: Whose mean length: ``all`` or ``correct``.
        start: First weight.
        ceiling: Greatest weight.
        rate: Change of the weight per batch whose mean length is twice the target.
        reference_batches: Batches whose mean length counts as that of the starting policy.
        hold_when_longer_is_better: No rise while longer rollouts are the correct ones.
    """

    OWNER: ClassVar[str] = "weight controller 'length_dual'"

    target: Positive | None = None
    share: Positive | None = None
    rollouts: Literal["all", "correct"] = "all"
    start: Positive = 0.01
    ceiling: Positive = CEILING
    rate: Positive = 0.02
    reference_batches: Annotated[int, Ge(1)] = 4
    hold_when_longer_is_better: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.target is None) == (self.share is None):
            raise UserError(
                f"{self.OWNER} needs one of target (tokens) and share (of the starting policy's "
                "mean length), e.g. share: 0.5."
            )
        if self.share is None:
            refuse_unread(self, "a target", "reference_batches")
        check_start(self.OWNER, self.start, self.ceiling)

    def controller(self, site: Site) -> LengthDualController:
        """The controller; see the module."""
        check_term(self.OWNER, site)
        return LengthDualController(self)


class LengthDualController(Limited):
    """See the module.

    Args:
        params: Its parameters.
    """

    _SAVED = ("_weight", "_target", "_reference", "_length")

    def __init__(self, params: LengthDual) -> None:
        super().__init__(params.to_dict(), params.start, 0.0, params.ceiling)
        self._params = params
        self._target = params.target
        self._reference: list[float] = []
        self._length: float | None = None

    @property
    def still(self) -> int:
        """Steps before the first at which the weight can have moved."""
        return self._params.reference_batches + 1 if self._params.share is not None else 0

    def observe(self, seen: Batch | Evaluated) -> None:
        """Take a batch; see the module."""
        if isinstance(seen, Evaluated):
            return
        params = self._params
        length = seen.tokens if params.rollouts == "all" else seen.tokens_correct
        if length is None:
            return
        self._length = length
        if self._target is None:
            self._reference = [*self._reference, length]
            if len(self._reference) == params.reference_batches:
                mean = sum(self._reference) / len(self._reference)
                self._target = (params.share or 1.0) * mean
            return
        moved = self._weight + params.rate * (length / self._target - 1)
        new = min(max(moved, self._least), self._ceiling)
        self._weight = held(new, self._weight, seen, params.hold_when_longer_is_better)

    def constraint(self) -> Constraint | None:
        """Mean length of the last batch, and by how much it is below the target."""
        if self._length is None or self._target is None:
            return None
        return Constraint(self._length, self._target - self._length)
