"""Correctness over the whole group, shaped terms among its correct rollouts alone: DDCA, PAPO.

    A = sum over outcome terms of weight * (term - mean of the group)
      + [correct] * sum over shaped terms of weight * (term - mean of the group's correct rollouts)

``scale: deviation`` divides each centred term by the sample deviation over the same rollouts
+ 1e-4; ``by_solve_rate`` multiplies the second line with the share of correct rollouts.

Source: DDCA, arXiv 2602.02099, alphadl/DDCA dca/advantage.py (`length_sigmoid` at weight 0.2 with
``by_solve_rate``; there correctness alone is divided by its population deviation); PAPO, arXiv
2603.26535 (``scale: deviation``; its shaped term is a process reward model's score).

Right for: shaped terms that say nothing about incorrect rollouts. Under a plain group mean the
incorrect ones, whose shaped terms are 0, dilute the baseline: in a group with one correct rollout
of four it would be charged three quarters of its price for being compared with them.

Property: an incorrect rollout's advantage does not depend on any shaped term; that of a correct
one does not change with the number of incorrect ones but through correctness; without ``scale``
weights keep their size, so a rare count does not get the full weight.

Incorrect rollouts: nothing for shaped terms, `format` included, unless ``outcome`` names them.

Example:
    aggregation: {kind: among_correct, by_solve_rate: true}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, ClassVar, Literal

from rewards.aggregation.base import Aggregation, ScoredRollouts
from rewards.aggregation.standardize import least_gap, z_scores
from rewards.ranking import margin
from rewards.terms.base import TermBounds
from tagger.config.settings import Settings
from tagger.errors import UserError, unknown_name

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class AmongCorrectParams(Settings):
    """Parameters of ``among_correct``.

    Attributes:
        scale: ``none`` centres, ``deviation`` makes z-scores of every term.
        by_solve_rate: Multiply shaped terms with the group's share of correct rollouts.
        outcome: Names of the terms that are compared over the whole group; those of the kind
            ``correctness`` if left out.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "aggregation 'among_correct'"

    scale: Literal["none", "deviation"] = "none"
    by_solve_rate: bool = False
    outcome: list[str] | None = None


@dataclass(frozen=True)
class AmongCorrect(Aggregation[AmongCorrectParams]):
    """See the module."""

    PARAMS: ClassVar[type[Settings]] = AmongCorrectParams
    RANKS_BY_REWARD: ClassVar[bool] = False

    def check(self, names: Sequence[str], correctness: Sequence[bool], size: int) -> None:
        """As the base: outcome terms exist, and there is one."""
        for name in self.params.outcome or ():
            if name not in names:
                raise unknown_name("reward term in reward.aggregation.outcome", name, names)
        if not any(self._is_outcome(n, c) for n, c in zip(names, correctness, strict=True)):
            raise UserError(
                "reward.aggregation 'among_correct' needs a term over the whole group; add "
                "correctness to reward.terms, or name one in its parameter outcome."
            )
        for name, correct in zip(names, correctness, strict=True):
            if correct and not self._is_outcome(name, correct):
                raise UserError(
                    f"reward.aggregation.outcome leaves out {name!r}, which is the same for all "
                    "correct rollouts and would pay nothing among them; name it as well, or leave "
                    "outcome out."
                )

    def advantages(self, scored: ScoredRollouts) -> torch.Tensor:
        """The advantage of each rollout, (B,)."""
        import torch

        everybody = torch.ones_like(scored.correct)
        rate = scored.by_group.share(scored.correct) if self.params.by_solve_rate else 1.0
        summed = torch.zeros_like(scored.total)
        for k, weight in enumerate(scored.weights):
            outcome = self._is_outcome(scored.names[k], scored.correctness[k])
            among = scored.applies(k) & (everybody if outcome else scored.correct)
            values = scored.terms[:, k]
            if self.params.scale == "deviation":
                part = z_scores(scored.by_group, values, among)
            else:
                part = values - scored.by_group.mean(values, among)
            part = (weight * part).masked_fill(~among, 0.0)
            summed = summed + (part if outcome else rate * part)
        return summed

    def margin(
        self, name: str, weight: float, bounds: TermBounds, correctness: bool, size: int
    ) -> float:
        """As the base; a shaped term can take its whole range from a correct rollout."""
        scaled = self.params.scale == "deviation"
        if self._is_outcome(name, correctness):
            return least_gap(weight, bounds, size) if scaled else margin(weight, bounds)
        if weight == 0:
            return 0.0
        most = size - 1  # correct rollouts next to an incorrect one
        if scaled:
            return -abs(weight) * (most - 1) / sqrt(most)
        return -abs(weight) * (bounds.correct[1] - bounds.correct[0])

    def _is_outcome(self, name: str, correctness: bool) -> bool:
        return correctness if self.params.outcome is None else name in self.params.outcome


METHOD = AmongCorrect
