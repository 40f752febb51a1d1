"""Takes from a correct rollout beyond a limit what it earned, as if it had been cut off there.

For a correct rollout of L tokens

    reward = - (1 - keeps)                                     if L > limit, without `ramp`
    reward = - (1 - keeps) * clip((L - limit) / ramp, 0, 1)    with `ramp`

and 0 for all others. With correctness at weight w and this term at the same weight a correct
rollout beyond the limit earns w * keeps.

Source: ThinkPrune, arXiv 2504.01296 (limits 4000, 3000, 2000, one after the other), scripts at
0f7449b; DLER, arXiv 2510.15110 (limit 4000), whose batch normalisation is a matter of the
advantages, not of this term. Both cut generation at the limit (`grpo.max_completion_length`), which
this term does not: it lets the rest be sampled and measured. The next limit is a new run whose
`model` is the policy of the last, as ThinkPrune's restarts. `ramp` and `keeps`: the profile band of
NVIDIA-NeMo/RL, nemo_rl/utils/length_penalty.py at 1643600 (1 up to a = limit, f = keeps from
b = limit + ramp on).

At `keeps: 0` and equal weights a correct rollout beyond the limit earns no more than an incorrect
one, which has to be allowed: `reward.allow_charge_above_correctness: true`.

Incorrect rollouts: nothing.

Example:
    hard_truncation: {weight: 0.9, limit: 4000}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class HardTruncationParams(Settings):
    """Parameters of ``hard_truncation``.

    Attributes:
        limit: Tokens of the completion that cost nothing.
        ramp: Tokens beyond the limit over which the charge rises to its full height; 0 for a step.
        keeps: Share of what it earned that a correct rollout keeps far beyond the limit.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'hard_truncation'"

    limit: Annotated[int, Ge(1)] = 4000
    ramp: Annotated[int, Ge(0)] = 0
    keeps: Annotated[float, Interval(ge=0, le=1)] = 0.0


@dataclass(frozen=True)
class HardTruncation(Term[HardTruncationParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        over = (rollouts.tokens - self.params.limit) / max(self.params.ramp, 1)
        charge = (1.0 - self.params.keeps) * over.clamp(0.0, 1.0)
        return 0.0 - charge.masked_fill(~rollouts.correct, 0.0)


KIND = TermKind(
    HardTruncationParams,
    HardTruncation,
    lambda params: TermBounds(correct=(params.keeps - 1.0, 0.0), incorrect=(0.0, 0.0)),
    source="ThinkPrune, Hou et al. 2025, arXiv 2504.01296; DLER, Liu et al. 2025, arXiv 2510.15110",
)
