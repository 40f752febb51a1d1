"""Which runs a sweep consists of, as far as that is known from what came out so far.

A pure function of the settings and the outcomes: a sweep that is resumed, or worked on by several
machines, gets the same runs as one that ran through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.analysis.frontier import Point
from rl.sweep.planning.outcomes import Outcomes, Trial
from rl.sweep.planning.runs import Run, base_run, make_runs, seeds_of
from rl.sweep.settings.keys import SweepConfig
from rl.sweep.settings.space import Space, draw, grid, read_space


@dataclass(frozen=True)
class Schedule:
    """The runs that are known.

    Attributes:
        runs: The runs, in the order in which they are to be started.
        complete: Whether there will be no more.
        planned: How many there will be at most.
    """

    runs: Sequence[Run]
    complete: bool
    planned: int


Propose = Callable[[str, Space, Sequence[Trial], int], list[dict[str, Any]]]
"""Proposes points, given an arm, what it varies, its trials so far and how many points."""


def schedule(config: SweepConfig, outcomes: Outcomes, propose: Propose) -> Schedule:
    """Find the runs of a sweep.

    Args:
        config: The sweep.
        outcomes: Those of the runs that are done or failed.
        propose: Proposes points; asked for ``method: tpe`` only.

    Raises:
        UserError: As `make_runs`.
    """
    seeds = seeds_of(config, base_run(config))
    if config.method == "tpe":
        return _proposed(config, outcomes, seeds, propose)
    points = {arm: _points(config, arm) for arm in config.arm_names}
    if config.more_seeds_within is None or len(seeds) == 1:
        runs = make_runs(config, points, seeds)
        return Schedule(runs, True, len(runs))
    first = make_runs(config, points, seeds[:1])
    planned = len(first) * len(seeds)
    if any(run.name not in outcomes for run in first):
        return Schedule(first, False, planned)
    kept = _near(first, outcomes, config.more_seeds_within)
    again: dict[str, list[Mapping[str, Any]]] = {arm: [] for arm in points}
    for run in first:
        if run.name in kept or run.arm == config.control_arm:
            again[run.arm].append(run.point)
    runs = [*first, *make_runs(config, again, seeds[1:])]
    return Schedule(runs, True, len(runs))


def _points(config: SweepConfig, arm: str) -> list[dict[str, Any]]:
    space = read_space(config.varied(arm))
    if config.method == "grid" or not space:
        return grid(space)
    return draw(space, config.trials or 1, config.seed)


def near_front(points: Sequence[Point], within: float) -> list[Point]:
    """The points that no other dominates once their own tokens are lowered by a share.

    Args:
        points: All of them.
        within: The share: 0.1 lets a point be 10 % dearer than the front at its accuracy.
    """
    return [
        p
        for p in points
        if not any(
            q is not p and q.accuracy >= p.accuracy and q.tokens < p.tokens * (1 - within)
            for q in points
        )
    ]


def _near(runs: Sequence[Run], outcomes: Outcomes, within: float) -> set[str]:
    measured = [
        Point(run.name, found.tokens, found.accuracy)
        for run in runs
        if (found := outcomes[run.name]).tokens is not None and found.accuracy is not None
    ]
    return {point.name for point in near_front(measured, within)}


def _proposed(
    config: SweepConfig, outcomes: Outcomes, seeds: Sequence[int], propose: Propose
) -> Schedule:
    """Runs that TPE proposes, batch by batch, each arm from its own outcomes."""
    runs: dict[str, Run] = {}
    complete = True
    trials, batch = config.trials or 1, config.batch or 2
    planned = 0
    for arm in config.arm_names:
        space = read_space(config.varied(arm))
        if not space:
            own = make_runs(config, {arm: [{}]}, seeds)
            runs |= {run.name: run for run in own}
            planned += len(own)
            continue
        planned += trials * len(seeds)
        tried: list[Trial] = []
        while len(tried) < trials:
            points = propose(arm, space, tried, min(batch, trials - len(tried)))
            of_point = [make_runs(config, {arm: [point]}, seeds) for point in points]
            runs |= {run.name: run for own in of_point for run in own}
            if any(run.name not in outcomes for own in of_point for run in own):
                complete = False
                break
            tried += [
                Trial(point, [outcomes[run.name] for run in own])
                for point, own in zip(points, of_point, strict=True)
            ]
    return Schedule(list(runs.values()), complete, planned)
