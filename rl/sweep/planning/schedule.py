"""Which runs a sweep consists of, as far as that is known from what came out so far.

A pure function of the settings and the outcomes: a sweep that is resumed, or worked on by several
machines, gets the same runs as one that ran through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rl.analysis.frontier import Point
from rl.sweep.planning.outcomes import Outcome, Outcomes, Trial
from rl.sweep.planning.runs import Run, base_run, make_runs, seeds_of
from rl.sweep.settings.keys import SweepConfig
from rl.sweep.settings.space import Space, draw, grid, read_space
from tagger.errors import UserError


@dataclass(frozen=True)
class Schedule:
    """The runs that are known.

    Attributes:
        runs: The runs, in the order in which they are to be started.
        complete: Whether there will be no more.
        planned: How many there will be at most.
        refused: Why points that were proposed are no runs: a sentence for each.
    """

    runs: Sequence[Run]
    complete: bool
    planned: int
    refused: Sequence[str] = ()


Propose = Callable[[str, Space, Sequence[Trial], int], list[dict[str, Any]]]
"""Proposes points, given an arm, what it varies, its trials so far and how many points."""


def schedule(
    config: SweepConfig,
    outcomes: Outcomes,
    propose: Propose,
    folders: Mapping[str, str] | None = None,
) -> Schedule:
    """Find the runs of a sweep.

    Args:
        config: The sweep.
        outcomes: Those of the runs that are done or failed.
        propose: Proposes points; asked for ``method: tpe`` only.
        folders: Folders that runs have already, as of `make_runs`.

    Raises:
        UserError: As `make_runs`.
    """
    seeds = seeds_of(config, base_run(config))
    make = partial(make_runs, config, folders=folders)
    if config.method == "tpe":
        return _proposed(config, outcomes, seeds, propose, make)
    points = {arm: _points(config, arm) for arm in config.arm_names}
    if config.more_seeds_within is None or len(seeds) == 1:
        runs = make(points, seeds)
        return Schedule(runs, True, len(runs))
    first, others = make(points, seeds[:1]), make(points, seeds[1:])
    planned = len(first) + len(others)
    complete = all(run.name in outcomes for run in first)
    kept = _near(first, outcomes, config.more_seeds_within) if complete else set()
    # What is there stays, though a run that was tried again may have moved the front.
    more = [
        run
        for run in others
        if run.name in outcomes
        or (complete and (run.setting in kept or run.arm == config.control_arm))
    ]
    runs = [*first, *more]
    return Schedule(runs, complete, len(runs) if complete else planned)


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
    """The settings near the front."""
    measured = [
        Point(run.setting, found.tokens, found.accuracy)
        for run in runs
        if (found := outcomes[run.name]).tokens is not None and found.accuracy is not None
    ]
    return {point.name for point in near_front(measured, within)}


def _proposed(
    config: SweepConfig,
    outcomes: Outcomes,
    seeds: Sequence[int],
    propose: Propose,
    make: Callable[[Mapping[str, Sequence[Mapping[str, Any]]], Sequence[int]], list[Run]],
) -> Schedule:
    """Runs that TPE proposes, batch by batch, each arm from its own outcomes.

    A proposal that is no run, for two of its values contradict each other, counts as failed.
    """
    spaces = {arm: read_space(config.varied(arm)) for arm in config.arm_names}
    fixed = make({arm: [{}] for arm, space in spaces.items() if not space}, seeds)
    runs = {run.name: run for run in fixed}
    complete, refused = True, []
    trials, batch = config.trials or 1, config.batch or 2
    planned = len(fixed)
    for arm, space in spaces.items():
        if not space:
            continue
        planned += trials * len(seeds)
        tried: list[Trial] = []
        while len(tried) < trials:
            points = propose(arm, space, tried, min(batch, trials - len(tried)))
            made = []
            for point in points:
                try:
                    own = make({arm: [point]}, seeds)
                except UserError as error:
                    own = []
                    refused.append(str(error))
                made.append((point, own))
            runs |= {run.name: run for _, own in made for run in own}
            if any(run.name not in outcomes for _, own in made for run in own):
                complete = False
                break
            tried += [
                Trial(point, [outcomes[run.name] for run in own] or [Outcome()])
                for point, own in made
            ]
    return Schedule(list(runs.values()), complete, planned, refused)
