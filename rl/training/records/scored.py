"""A batch of rollouts after scoring, as one process holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rewards.facts.analysis import RolloutAnalysis, Task
from tagger.taxonomies.taxonomy import Taxonomy


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


def completion_columns(batch: ScoredBatch, taxonomy: Taxonomy) -> dict[str, list[str] | list[int]]:
    """What TRL's table of completions (``grpo.log_completions``) shows besides the rewards.

    Args:
        batch: The rollouts of this process.
        taxonomy: The tagger's taxonomy.

    Returns:
        Column to one value a rollout: the tags of the steps in order, the steps of the
        verification type (where the taxonomy has it), and the tokens.
    """
    tags = [[taxonomy.get(s.type).tag for s in found.steps] for found in batch.analyses]
    columns: dict[str, list[str] | list[int]] = {"types": [" ".join(row) for row in tags]}
    if "VERIFY" in taxonomy.tags:
        columns["verification_steps"] = [row.count("VERIFY") for row in tags]
    columns["tokens"] = [found.rollout.tokens for found in batch.analyses]
    return columns
