"""Recomputes the rewards of stored rollouts, under any reward, without a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rewards.facts.columns import columns
from rewards.terms.base import learns
from rewards.terms.reads import columns_read
from rewards.weights import LearningController
from rl.training.records.stored import StoredRollout
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    import torch

    from rewards.stack import RewardStack


@dataclass(frozen=True)
class Scores:
    """The rewards of stored rollouts.

    Attributes:
        rollouts: The rollouts.
        terms: Names of the terms.
        values: A row a rollout: each term, unweighted; NaN where it does not apply.
        totals: Weighted sum of each; NaN where no term applies.
        weights: Of the terms, by step.
        stateful: The terms that learn during training, here in the state they begin with.
        controlled: The terms whose weight follows the run, here the one it begins with.
    """

    rollouts: Sequence[StoredRollout]
    terms: tuple[str, ...]
    values: list[list[float]]
    totals: list[float]
    weights: Mapping[int, list[float]]
    stateful: tuple[str, ...]
    controlled: tuple[str, ...] = ()

    def groups(self) -> Iterable[list[int]]:
        """Rows of each group: those of one prompt and one step of a file."""
        rows = range(len(self.rollouts))
        for _, members in groupby(rows, key=lambda row: _group(self.rollouts[row])):
            yield list(members)


def rescore(
    rollouts: Sequence[StoredRollout],
    stack: RewardStack,
    taxonomy: Taxonomy,
    own: bool = False,
) -> Scores:
    """Compute every term of every rollout.

    Each step of a file is one batch, as in training; of a batch that was kept in part, a term
    that compares all rollouts of a batch sees that part.

    Args:
        rollouts: As read.
        stack: The reward.
        taxonomy: Of the tagger that typed the steps.
        own: The reward is that of the run, so weights that follow it are those written down.

    Returns:
        The rewards; rollouts sorted by file, step, group and sample.

    Raises:
        UserError: The rollouts lack a column that a term reads, or have one that is unknown.
    """
    rollouts = sorted(rollouts, key=lambda r: (*_group(r), r.sample))
    facts, numbers = _table(rollouts, taxonomy)
    _refuse_missing(rollouts, stack, facts, numbers)
    values: list[list[float]] = []
    totals: list[float] = []
    weights: dict[int, list[float]] = {}
    controlled = {t.name for t in stack.terms if isinstance(t.weight, LearningController)}
    for (_, step), members in groupby(range(len(rollouts)), lambda i: _group(rollouts[i])[:2]):
        rows = list(members)
        table = stack.table(facts[rows], numbers[rows])
        told = rollouts[rows[0]].weights if own else {}
        known = {name: told[name] for name in controlled if name in told}
        values += table.tolist()
        totals += stack.total(table, step - 1, known).tolist()
        weights.setdefault(step, stack.weights(step - 1, known).tolist())
    recorded = own and all(controlled <= r.weights.keys() for r in rollouts)
    return Scores(
        rollouts=rollouts,
        terms=stack.names,
        values=values,
        totals=totals,
        weights=dict(sorted(weights.items())),
        stateful=tuple(t.name for t in stack.terms if learns(t.term)),
        controlled=() if recorded else tuple(n for n in stack.names if n in controlled),
    )


def _group(rollout: StoredRollout) -> tuple[str, int, int]:
    return rollout.file, rollout.step, rollout.group


def _table(
    rollouts: Sequence[StoredRollout], taxonomy: Taxonomy
) -> tuple[torch.Tensor, torch.Tensor]:
    """Facts (B, C), 0 where a column is missing, and groups (B,)."""
    import torch

    names = columns(taxonomy)
    known = set(names)
    for rollout in rollouts:
        unknown = sorted(rollout.facts.keys() - known)
        if unknown:
            raise UserError(
                f"{rollout.where}: the facts have the column {unknown[0]!r}, which rollouts typed "
                f"by the taxonomy {taxonomy.name!r} do not have; name the run's own tagger with "
                "tagger=…."
            )
    facts = torch.tensor([[r.facts.get(name, 0.0) for name in names] for r in rollouts])
    keys = {key: number for number, key in enumerate(dict.fromkeys(map(_group, rollouts)))}
    return facts, torch.tensor([keys[_group(r)] for r in rollouts])


def _refuse_missing(
    rollouts: Sequence[StoredRollout],
    stack: RewardStack,
    facts: torch.Tensor,
    groups: torch.Tensor,
) -> None:
    read = {t.name: columns_read(t.term, facts, groups) or () for t in stack.terms}
    for rollout in rollouts:
        missing = {
            name: [column for column in wanted if column not in rollout.facts]
            for name, wanted in read.items()
        }
        needs = [f"{name} reads {', '.join(lacks)}" for name, lacks in missing.items() if lacks]
        if needs:
            raise UserError(
                f"{rollout.where}: the facts lack columns that terms need ({'; '.join(needs)}): "
                "the rollouts are older than these columns, or another tagger's; leave these "
                "terms out, or take rollouts of a new run."
            )
