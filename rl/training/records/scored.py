"""A batch of rollouts after scoring, as one process holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rewards.facts.analysis import RolloutAnalysis, Task


@dataclass(frozen=True)
class ScoredBatch:
    """The rollouts of one process, analysed and scored.

    Attributes:
        first: Row of the first one among those of all processes.
        group_size: Rollouts of one prompt; those of all processes are sorted by prompt.
        problems: Index of the problem of each rollout.
        tasks: What each was asked.
        analyses: What each shows.
        facts: Shape (B, C), the rows of the facts table.
        terms: Shape (B, n_terms), unweighted; NaN where a term does not apply.
        weights: Shape (n_terms,).
    """

    first: int
    group_size: int
    problems: Sequence[int]
    tasks: Sequence[Task]
    analyses: Sequence[RolloutAnalysis]
    facts: torch.Tensor
    terms: torch.Tensor
    weights: torch.Tensor
