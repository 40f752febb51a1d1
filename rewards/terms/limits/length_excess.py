"""Charges correct rollouts for what they are longer than a target, as a share of it.

For a correct rollout of L tokens

    reward = - min(max(0, L / target - 1), cap)

and 0 for all others: nothing up to the target, 1 at twice the target. It is the term whose weight
`rewards.weights.control.length_dual` was published for.

Source: Leash, arXiv 2512.21540, as a public file with its name has it (target 4096): correctness of
+1 or -1, less weight * max(0, L / target - 1), cut to [-1, 1]. An incorrect rollout lies at that
cut, so only correct ones are charged there too; in place of the cut there is `cap`. Correctness at
weight 1 pays a difference of 1 here and of 2 there.

Incorrect rollouts: nothing.

Example:
    length_excess: {weight: {schedule: length_dual, target: 4096, ceiling: 0.9}, target: 4096}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LengthExcessParams(Settings):
    """Parameters of ``length_excess``.

    Attributes:
        target: Tokens of the completion that are free.
        cap: Greatest charge, in targets; ``.inf`` for no limit.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'length_excess'"

    target: Annotated[float, Interval(gt=0, lt=inf)] = 4096.0
    cap: Annotated[float, Interval(gt=0)] = 1.0


@dataclass(frozen=True)
class LengthExcess(Term[LengthExcessParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        excess = (
            (rollouts.tokens / self.params.target - 1).clamp(min=0.0).clamp(max=self.params.cap)
        )
        return 0.0 - excess.masked_fill(~rollouts.correct, 0.0)


KIND = TermKind(
    LengthExcessParams,
    LengthExcess,
    lambda params: TermBounds(correct=(-params.cap, 0.0), incorrect=(0.0, 0.0)),
    source="Leash, arXiv 2512.21540",
)
