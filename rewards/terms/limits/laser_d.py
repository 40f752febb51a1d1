"""Pays a correct rollout within a target length that depends on how hard its problem is.

As `laser`, with a target for each band of the group's solve rate: low (below 1/3), medium (below
2/3) and high. For a correct rollout of L tokens that ended itself, of a group of band b,

    reward = [L <= target_b]        form: reward; penalty and hybrid as in `laser`

and 0 for all others. Every `every` training batches a target becomes the smallest length t of
lowest, lowest + step, ... highest with

    (share of the band's rollouts no longer than t) * n_b >= 1

over the last `history` groups, n_b the correct rollouts that a group of the band has at the least:
1, G/3 and 2G/3 rounded down, G the rollouts of the largest group; if none qualifies, the longest of
these rollouts. So a problem that is rarely solved keeps its length. History and targets are saved
in the checkpoint.

Source: LASER-D, Liu et al., arXiv 2505.15612; hkust-nlp/Laser,
verl/utils/reward_score/length_penalty.py at c9e7c4e, compute_length_reward_larse_d and
_choose_target_length. There the shares are measured on a monitor set that is sampled on a schedule
of its own, here on recent training rollouts; bands of targets and of rewards differ by which one an
edge belongs to, here they are the same; the longest rollout is that of the current batch, so that
targets jitter, here of the history; with no group of the band the target becomes the longest
rollout (all are paid), here it stays. The state is not saved there. Released lowest lengths: 1024,
2048, 4096, step 1024.

Incorrect rollouts: nothing.

Example:
    laser_d: {weight: 0.5, target: 4096, lowest: 1024, highest: 8192, step: 1024}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rewards.terms.base import Rollouts, TermBounds, TermKind, always
from rewards.terms.limits.target_lengths import (
    FORM_BOUNDS,
    Form,
    TargetSettings,
    TargetTerm,
    within,
)

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LaserDParams(TargetSettings):
    """Parameters of ``laser_d``.

    Attributes:
        form: ``reward`` pays within the target, ``penalty`` charges beyond it, ``hybrid`` does
            both.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'laser_d'"

    form: Form = "reward"


@dataclass(frozen=True)
class LaserD(TargetTerm[LaserDParams]):
    """See the module."""

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        target = self.history.of(rollouts, self.params)
        value = within(rollouts.tokens <= target, self.params.form)
        return value.masked_fill(~rollouts.completed, 0.0)


KIND = TermKind(
    LaserDParams,
    LaserD,
    lambda params: TermBounds(FORM_BOUNDS[params.form], (0.0, 0.0)),
    source="LASER-D, Liu et al. 2025, arXiv 2505.15612",
    compares=always,
)
