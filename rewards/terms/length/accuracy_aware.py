"""Pays correct rollouts for shortness, but only as far as accuracy has come up to a target.

With r = min(1, accuracy / target), a correct rollout of L tokens gets

    reward = bonus * (1 - min(r^power, L / max_length, 1)) - discount * r

and all others 0; everybody 0 before an accuracy is known. Far below the target r^power is near 0:
every correct rollout has the full bonus and length does not matter; at the target the bonus falls
with the length. The accuracy is the moving mean of the share of correct training rollouts (a batch
counts 2/(span + 1)), which is saved with the checkpoint, or `validation_accuracy` if given.

Source: AALC, Li et al. 2025, arXiv 2506.20160; verl/workers/reward_manager/length_reward.py of
du-nlp-lab/AALC at f12452d, once a misspelt variable is put right: correctness and this at weight 1
with ``{bonus: 1.0e-6, discount: 0.1, gate: none}``, target 1. As released it does not run: the
class with the formula fails at its first call, and the one that is wired up has it commented out.
There the accuracy is that of the last validation. A bonus of 1e-6 has an effect only where rewards
are divided by the group's deviation, and max_length 1,024 is shorter than most thinking: set both.
A correct rollout that was cut off by the length limit has no bonus.

Incorrect rollouts: nothing by default. As published (``gate: none``) they have the bonus too: a
short wrong answer is paid.

Example:
    accuracy_aware: {weight: 0.1, target: 0.9, max_length: 1024}
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Interval

from rewards.terms.base import Rollouts, TermBounds, TermKind
from rewards.terms.length.running import RunningTerm
from rewards.terms.population import Gate
from rewards.unread import refuse_unread
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import torch

Positive = Annotated[float, Interval(gt=0, lt=inf)]
Size = Annotated[float, Interval(ge=0, lt=inf)]


@dataclass(frozen=True)
class AccuracyAwareParams(Settings):
    """Parameters of ``accuracy_aware``.

    Attributes:
        target: Accuracy at which length counts in full, in (0, 1].
        validation_accuracy: A fixed accuracy, in [0, 1]; the running one of the training rollouts
            if left out.
        span: Batches that the running accuracy spans.
        power: How late length begins to count: 128 leaves it out below 95 % of the target.
        max_length: Tokens from which on a rollout has no more to lose.
        bonus: What the shortest get.
        discount: What correct rollouts lose as accuracy comes up to the target.
        gate: Who has the bonus. ``correct``: correct rollouts. ``none``: incorrect rollouts too, as
            published (this pays incorrect answers for being short).
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'accuracy_aware'"

    target: Annotated[float, Interval(gt=0, le=1)] = 1.0
    validation_accuracy: Annotated[float, Interval(ge=0, le=1)] | None = None
    span: Annotated[float, Interval(ge=1, lt=inf)] = 50.0
    power: Positive = 128.0
    max_length: Positive = 1024.0
    bonus: Size = 1.0
    discount: Size = 0.0
    gate: Gate = "correct"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.validation_accuracy is not None:
            refuse_unread(self, "a validation_accuracy", "span")


@dataclass(frozen=True)
class AccuracyAware(RunningTerm[AccuracyAwareParams]):
    """See the module. Its running mean is that of the share of correct rollouts."""

    @property
    def reads_state(self) -> bool:
        """Whether the running accuracy counts at all; see `rewards.terms.base.learns`."""
        return self.params.validation_accuracy is None

    @property
    def accuracy(self) -> float | None:
        """The accuracy that the next batch is rewarded by; None before the first."""
        fixed = self.params.validation_accuracy
        return self.mean.value if fixed is None else fixed

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        if self.accuracy is None:
            return rollouts.tokens.new_zeros(len(rollouts))
        reached = min(1.0, self.accuracy / self.params.target)
        used = (rollouts.tokens / self.params.max_length).clamp(max=1.0)
        bonus = self.params.bonus * (1.0 - used.clamp(max=reached**self.params.power))
        paid = rollouts.all if self.params.gate == "none" else rollouts.completed
        discount = self.params.discount * reached * rollouts.correct
        return bonus.masked_fill(~paid, 0.0) - discount

    def observe(self, facts: torch.Tensor, groups: torch.Tensor) -> None:
        """Add the share of correct rollouts of a batch to the running accuracy."""
        correct = self.rollouts(facts, groups).correct
        if len(correct):
            self.mean.add(float(correct.double().mean()), self.params.span)


def bounds(params: AccuracyAwareParams) -> TermBounds:
    """Bonus and discount for a correct rollout, at most the bonus for any other."""
    incorrect = (0.0, params.bonus) if params.gate == "none" else (0.0, 0.0)
    return TermBounds((-params.discount, params.bonus), incorrect)


KIND = TermKind(
    AccuracyAwareParams,
    AccuracyAware,
    bounds,
    source="Li et al. 2025 (AALC), arXiv 2506.20160",
)
