"""A batch of rollouts scored: facts of this process, facts and terms of all, what a method sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from accelerate.utils import gather

from rewards.aggregation.base import Aggregation, ScoredRollouts
from rewards.aggregation.contribution import without_spread
from rewards.facts.analysis import RolloutAnalysis, Task
from rewards.facts.compute import FactsComputer
from rewards.stack import RewardStack
from rl.training.records.scored import ScoredBatch

TIMINGS = ("timing/tagging_share", "timing/reward_share")
"""Metrics that come from the clock, so that no two runs agree in them."""

Row = dict[str, Any]
"""A row of the training data, one a rollout; ``problem`` is the index of its task."""


@dataclass(frozen=True)
class GatheredBatch:
    """The rollouts of all processes; the same on each, but for `mine`.

    Attributes:
        mine: Those of this process, on the CPU.
        table: Shape (B, C), the facts of all.
        groups: Shape (B,); rollouts of one prompt share a number, and are next to each other.
        terms: Shape (B, n_terms), unweighted; NaN where a term does not apply.
        scored: What a method of aggregation sees, on the CPU.
    """

    mine: ScoredBatch
    table: torch.Tensor
    groups: torch.Tensor
    terms: torch.Tensor
    scored: ScoredRollouts


class BatchScorer:
    """Computes facts here, gathers them once, and applies every term to the whole table.

    Args:
        stack: Reward terms and weights.
        facts: Computes the facts table of a batch.
        tasks: What is asked; a row's ``problem`` indexes it.
        method: How terms become advantages.

    Attributes:
        seconds: Wall-clock seconds spent so far, by ``tagging`` and ``terms``.
    """

    def __init__(
        self,
        stack: RewardStack,
        facts: FactsComputer,
        tasks: Sequence[Task],
        method: Aggregation[Any],
    ) -> None:
        self._stack, self._facts, self._tasks, self._method = stack, facts, tasks, method
        self.seconds = {"tagging": 0.0, "terms": 0.0}

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[part] += time.perf_counter() - began

    def shares(self, step_seconds: float) -> dict[str, float]:
        """Shares of a step that scoring its rollouts took; the clock starts anew.

        Args:
            step_seconds: Wall-clock seconds of the step.

        Returns:
            ``timing/tagging_share``: splitting rollouts into steps, tagging them, checking answers;
            ``timing/reward_share``: that and facts, terms and the wait for other processes.
        """
        tagging, terms = self.seconds["tagging"], self.seconds["terms"]
        self.seconds = {"tagging": 0.0, "terms": 0.0}
        shares = (tagging / step_seconds, (tagging + terms) / step_seconds)
        return dict(zip(TIMINGS, shares, strict=True))

    def tasks_of(self, rows: Sequence[Row]) -> list[Task]:
        """What the rollouts of some rows were asked."""
        return [self._tasks[row["problem"]] for row in rows]

    def analyze(
        self, completion_ids: Sequence[Sequence[int]], rows: Sequence[Row]
    ) -> list[RolloutAnalysis]:
        """What the completions of some rows show."""
        with self._timed("tagging"):
            return self._facts.analyze(completion_ids, self.tasks_of(rows))

    def score(
        self,
        found: Sequence[RolloutAnalysis],
        rows: Sequence[Row],
        size: int,
        step: int,
        accelerator: Any,
    ) -> GatheredBatch:
        """Score a batch; called on every process alike.

        Args:
            found: The rollouts of this process.
            rows: Their rows.
            size: Rollouts of a group.
            step: The optimizer step, for the weights.
            accelerator: That of the processes, which hold equally many rollouts.
        """
        with self._timed("terms"):
            return self._score(found, rows, size, step, accelerator)

    def _score(
        self,
        found: Sequence[RolloutAnalysis],
        rows: Sequence[Row],
        size: int,
        step: int,
        accelerator: Any,
    ) -> GatheredBatch:
        tasks = self.tasks_of(rows)
        local = torch.from_numpy(self._facts.table(found, tasks))
        table = gather(local.to(accelerator.device))
        groups = torch.arange(len(table), device=table.device) // size
        terms, weights = self._stack.table(table, groups), self._stack.weights(step)
        facts, columns = table.cpu().double(), self._facts.columns
        scored = ScoredRollouts(
            terms=terms.cpu().double(),
            weights=weights.double(),
            groups=groups.cpu(),
            correct=facts[:, columns.index("correct")] > 0,
            tokens=facts[:, columns.index("tokens")],
            names=self._stack.names,
            correctness=self._stack.correctness,
        )
        first = accelerator.process_index * len(local)
        mine = ScoredBatch(
            first=first,
            group_size=size,
            problems=[row["problem"] for row in rows],
            tasks=tasks,
            analyses=found,
            facts=local,
            terms=terms[first : first + len(local)].cpu(),
            weights=weights,
        )
        return GatheredBatch(mine, table, groups, terms, scored)

    def flat(self, scored: ScoredRollouts) -> torch.Tensor:
        """Which groups have equal advantages, (groups,) bool."""
        return without_spread(self._method.advantages(scored), scored.groups)


def placeholder(name: str) -> Callable[..., list[float]]:
    """A reward function that only lends its name to TRL's metrics."""

    def reward(**_: Any) -> list[float]:
        raise RuntimeError(f"The term {name!r} is computed from the gathered facts table.")

    reward.__name__ = name
    return reward
