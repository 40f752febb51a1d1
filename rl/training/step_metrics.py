"""What a training step logs about its rollouts, in addition to TRL's own metrics."""

from __future__ import annotations

import resource
import sys
from collections.abc import Sequence
from typing import Any

import torch

from rewards.aggregation.base import Aggregation, ScoredRollouts
from rewards.aggregation.contribution import changes_by_term
from rewards.facts.columns import MAY_BE_ABSENT


def fact_metrics(table: torch.Tensor, columns: Sequence[str]) -> dict[str, float]:
    """Mean of every fact over all rollouts of the step.

    Args:
        table: Shape (B, C), gathered.
        columns: Names of the columns.

    Returns:
        ``facts/<column>`` to mean. ``answer_step`` is averaged over rollouts that state the
        reference, whose share is ``facts/answer_stated``; ``unfamiliar`` is a share of all steps;
        the other columns of `rewards.facts.columns.MAY_BE_ABSENT` are averaged over the rollouts
        that have them. They are left out where none has.
    """
    means = dict(zip(columns, table.double().mean(dim=0).tolist(), strict=True))
    answer_step = table[:, columns.index("answer_step")].double()
    stated = answer_step >= 0
    means["answer_stated"] = float(stated.double().mean())
    means["answer_step"] = float(answer_step[stated].mean()) if stated.any() else float("nan")
    for name in MAY_BE_ABSENT:
        values = table[:, columns.index(name)].double()
        present = values[values >= 0]
        if len(present):
            weights = torch.ones_like(present)
            if name == "unfamiliar":
                weights = table[:, columns.index("steps")].double()[values >= 0]
            means[name] = float((present * weights).sum() / weights.sum().clamp(min=1))
        else:
            del means[name]
    return {f"facts/{name}": value for name, value in means.items()}


def term_metrics(method: Aggregation[Any], scored: ScoredRollouts) -> dict[str, float]:
    """Weight of every term, and how much of the advantage is its own.

    Args:
        method: How terms become advantages.
        scored: The batch.

    Returns:
        ``weight/<term>``, and ``advantage/<term>``: mean over rollouts of the absolute difference
        that the term makes to the advantage; see
        `rewards.aggregation.contribution.changes_by_term`.
    """
    weights = zip(scored.names, scored.weights.tolist(), strict=True)
    found = {f"weight/{name}": weight for name, weight in weights}
    shares = changes_by_term(method, scored)
    return found | {f"advantage/{name}": share for name, share in shares.items()}


def peak_memory() -> dict[str, float]:
    """Most memory that this process has had so far, in GiB.

    Returns:
        ``memory/process``, and with a GPU ``memory/gpu``: what torch allocated on it.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {"memory/process": peak * (1 if sys.platform == "darwin" else 1024) / 2**30}
    if torch.cuda.is_available():
        found["memory/gpu"] = torch.cuda.max_memory_allocated() / 2**30
    return found
