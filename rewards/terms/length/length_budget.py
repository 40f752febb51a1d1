"""Pays correct rollouts for staying below a budget that follows the lengths of correct ones.

For a correct, finished rollout of L tokens and a budget of B tokens

    reward = ln(1 + s * (1 - min(L/B, 1))) / ln(1 + s)

s being `log_scale`; 0 for all others. B is `initial` until more than `warmup` training batches had
a correct rollout, then max(floor, ratio * EMA), EMA being the moving mean of the mean length of
each such batch's correct, finished rollouts (a batch counts 2/(span + 1)). It is saved with the
checkpoint.

Source: ACOER, Lee et al. 2026, arXiv 2606.22716; acoer/reward.py of js-lee-AI/ACOER at 489009a:
1 + weight * reward for a correct rollout. There L is the thinking in characters, four of which make
a token, and a batch without a correct rollout enters the mean as length 0; here L is all tokens of
the completion (``length: thinking`` for the code's part) and such a batch is passed over. The
weight of the paper moves with accuracy (0.02 at first; times 1.02 while accuracy holds, times 0.95
where it fell by more than 2 points in 100 batches; within 0.01 and 0.5): that is a matter of the
weight, not of the term. Code and settings are public; the paper's text was not at hand, so whether
it differs from the code is not known.

Incorrect rollouts: nothing.

Example:
    length_budget: {weight: 0.1, initial: 4096, floor: 512}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log1p
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, TermBounds, TermKind
from rewards.terms.length.running import RunningTerm
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

Positive = Annotated[float, Interval(gt=0, lt=inf)]


@dataclass(frozen=True)
class LengthBudgetParams(Settings):
    """Parameters of ``length_budget``.

    Attributes:
        initial: Budget during the warm-up, in tokens.
        floor: Least budget afterwards, in tokens.
        ratio: The budget as a share of the mean correct length.
        span: Batches that the moving mean spans.
        warmup: Batches with a correct rollout before the budget moves.
        log_scale: How sharply the reward bends: the greater, the more the first tokens saved are
            worth and the less the last.
        length: What is measured: the whole ``completion``, or its ``thinking``.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'length_budget'"

    initial: Positive = 4096.0
    floor: Positive = 512.0
    ratio: Positive = 0.85
    span: Annotated[float, Interval(ge=1, lt=inf)] = 50.0
    warmup: Annotated[int, Ge(0)] = 200
    log_scale: Positive = 5.0
    length: Literal["completion", "thinking"] = "completion"


@dataclass(frozen=True)
class LengthBudget(RunningTerm[LengthBudgetParams]):
    """See the module. Its running mean is that of the lengths of correct rollouts, in tokens."""

    @property
    def budget(self) -> float:
        """The budget of the next batch, in tokens."""
        if self.mean.value is None or self.mean.batches <= self.params.warmup:
            return self.params.initial
        return max(self.params.floor, self.params.ratio * self.mean.value)

    @property
    def still(self) -> int:
        """Steps before the first whose budget can have moved."""
        return self.params.warmup + 1

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        used = (self._length(rollouts) / self.budget).clamp(max=1.0)
        scale = self.params.log_scale
        value = (scale * (1.0 - used)).log1p() / log1p(scale)
        return value.masked_fill(~rollouts.completed, 0.0)

    def _length(self, rollouts: Rollouts) -> torch.Tensor:
        if self.params.length == "thinking":
            return rollouts["thinking_tokens"]
        return rollouts.tokens

    def observe(self, facts: torch.Tensor, groups: torch.Tensor) -> None:
        """Add the mean length of a batch's correct, finished rollouts to the moving mean."""
        rollouts = self.rollouts(facts, groups)
        lengths = self._length(rollouts)[rollouts.completed]
        if len(lengths):
            self.mean.add(float(lengths.mean()), self.params.span)


KIND = TermKind(
    LengthBudgetParams,
    LengthBudget,
    lambda params: TermBounds(correct=(0.0, 1.0), incorrect=(0.0, 0.0)),
    source="Lee et al. 2026 (ACOER), arXiv 2606.22716",
)
