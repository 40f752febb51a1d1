"""What a training step logs about its rollouts, in addition to TRL's own metrics."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from rewards.facts.columns import MAY_BE_ABSENT


def fact_metrics(table: torch.Tensor, columns: Sequence[str]) -> dict[str, float]:
    """Mean of every fact over all rollouts of the step.

    Args:
        table: Shape (B, C), gathered.
        columns: Names of the columns.

    Returns:
        ``facts/<column>`` to mean. ``answer_step`` is averaged over rollouts that state the
        reference, whose share is ``facts/answer_stated``; the other columns of
        `rewards.facts.columns.MAY_BE_ABSENT` over the rollouts that have them, and they are left
        out where none has.
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
            means[name] = float(present.mean())
        else:
            del means[name]
    return {f"facts/{name}": value for name, value in means.items()}


def term_metrics(
    terms: torch.Tensor, weights: torch.Tensor, groups: torch.Tensor, names: Sequence[str]
) -> dict[str, float]:
    """Weight of every term, and how much of the unscaled advantage is its own.

    Args:
        terms: Shape (B, n_terms), unweighted; NaN where a term does not apply.
        weights: Shape (n_terms,).
        groups: Shape (B,).
        names: Names of the terms.

    Returns:
        ``weight/<term>``, and ``advantage/<term>``: mean over rollouts of the absolute value of
        weight * (term - its group's mean).
    """
    contribution = terms.nan_to_num(nan=0.0) * weights
    _, index = torch.unique(groups, return_inverse=True)
    sums = contribution.new_zeros(int(index.max()) + 1, contribution.shape[1])
    sums.index_add_(0, index, contribution)
    means = sums / torch.bincount(index).unsqueeze(1)
    shares = (contribution - means[index]).abs().mean(dim=0).tolist()
    found = {f"weight/{n}": w for n, w in zip(names, weights.tolist(), strict=True)}
    return found | {f"advantage/{n}": s for n, s in zip(names, shares, strict=True)}
