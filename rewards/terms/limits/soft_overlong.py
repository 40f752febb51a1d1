"""Charges completions that come near the limit, in a straight line up to it.

For a rollout of L tokens that the gate lets through

    reward = - clip((L - (limit - buffer)) / buffer, 0, 1)

so nothing up to limit - buffer, 1 from the limit on; 0 for all others. With `difficulty` g a
correct rollout pays (solve rate of its group)^g of it, unless the length limit cut it off.

Source: DAPO, arXiv 2503.14476, eq. 13 (L_max 20480, L_cache 4096); TRL's
get_soft_overlong_punishment. `difficulty`: ServiceNow/PipelineRL, pipelinerl/actor.py and
domains/math/rollouts.py at 58d3934, with g = 1; its penalty is 0 again beyond the limit, ours stays
at 1. Both charge incorrect rollouts in full (`gate: none`).

Incorrect rollouts: nothing. With `gate: none`, as published, a long one loses up to 1: that pays
incorrect rollouts for being short.

Example:
    soft_overlong: {weight: 0.5, limit: 4096, buffer: 1024}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.population import Gate, let_through
from tagger.config.settings import Settings
from tagger.errors import UserError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SoftOverlongParams(Settings):
    """Parameters of ``soft_overlong``.

    Attributes:
        limit: Tokens of the completion from which on the charge is 1; usually
            ``grpo.max_completion_length``.
        buffer: Tokens before the limit over which the charge rises; 0 charges beyond the limit
            only.
        difficulty: Power of the group's solve rate that correct rollouts pay with; they pay in
            full if left out.
        gate: Who is charged: ``correct`` rollouts, or everybody (``none``).
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'soft_overlong'"

    limit: Annotated[int, Ge(1)] = 20480
    buffer: Annotated[int, Ge(0)] = 4096
    difficulty: Annotated[float, Interval(ge=0, lt=inf)] | None = None
    gate: Gate = "correct"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.buffer > self.limit:
            raise UserError(
                f"buffer of {self.OWNER} is {self.buffer}, more than the limit of {self.limit}; "
                "it must be at most the limit."
            )


@dataclass(frozen=True)
class SoftOverlong(Term[SoftOverlongParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        free = self.params.limit - self.params.buffer
        charge = ((rollouts.tokens - free) / max(self.params.buffer, 1)).clamp(0.0, 1.0)
        if self.params.difficulty is not None:
            eased = rollouts.completed
            rate = rollouts.groups.share(rollouts.correct) ** self.params.difficulty
            charge = charge * rate.masked_fill(~eased, 1.0)
        charged = let_through(rollouts, self.params.gate)
        return 0.0 - charge.masked_fill(~charged, 0.0)


def bounds(params: SoftOverlongParams) -> TermBounds:
    """Down to -1 for whoever is charged."""
    incorrect = (0.0, 0.0) if params.gate == "correct" else (-1.0, 0.0)
    return TermBounds((-1.0, 0.0), incorrect)


KIND = TermKind(
    SoftOverlongParams,
    SoftOverlong,
    bounds,
    source="DAPO, Yu et al. 2025, arXiv 2503.14476",
    compares=lambda params: params.difficulty is not None,
)
