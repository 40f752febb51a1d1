"""Choosing thresholds on the calibration split, for each policy its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.analysis.arms import BASE, arm_name
from rl.analysis.frontier import Choice, Point, choose, point_of
from rl.analysis.panels import make_panel, pool
from rl.comparison.arms import ArmRunner
from rl.comparison.grid import GridPoint
from rl.comparison.jobs import grid_job
from rl.comparison.workers import run_jobs
from rl.evaluation.samples import Sample


@dataclass(frozen=True)
class Selection:
    """What the calibration split decided.

    Attributes:
        record: The ``selection`` part of the results.
        chosen: The rule of each policy that runs under one rule only, by policy.
    """

    record: dict[str, Any]
    chosen: dict[str, GridPoint]

    @property
    def overall(self) -> dict[str, str]:
        """Name of the chosen arm of each policy with a grid."""
        others = self.record["policies"].items()
        return {BASE: self.record["overall"]} | {
            name: found["overall"] for name, found in others if name not in self.chosen
        }


def select(runner: ArmRunner, samples: Mapping[str, Sequence[Sample]]) -> Selection:
    """Choose thresholds: of each rule for policies with a grid, of base's best rule for others.

    Args:
        runner: Runs the calibration arms of policies without a grid.
        samples: Those of the independent arms, by `Job.key`.
    """
    config = runner.config
    base = _of_grid(runner, samples, BASE)
    record: dict[str, Any] = {
        "split": config.calibration.split,
        "problems": len(runner.problems("calibration")),
        "samples_per_problem": runner.samples_per_problem("calibration"),
        "tolerance": config.tolerance,
        "base_accuracy": base.pop("accuracy"),
        "base_tokens": base.pop("tokens"),
        **base,
        "policies": {n: _of_grid(runner, samples, n) for n in config.with_grid if n != BASE},
    }
    best = next(p.rule for p in config.grid() if p.name == record["overall"])
    points = [p for p in config.grid() if p.rule == best]
    chosen = {}
    for name in config.monitored:
        if name in config.with_grid:
            continue
        runs = config.runs_of(name)
        ran = run_jobs(runner, [grid_job(run, "calibration", p) for run in runs for p in points])
        found = _choices(runner, {**samples, **ran}, name, points)
        record["policies"][name] = found
        chosen[name] = next(p for p in points if arm_name(name, p.name) == found["overall"])
    return Selection(record, chosen)


def _of_grid(
    runner: ArmRunner, samples: Mapping[str, Sequence[Sample]], policy: str
) -> dict[str, Any]:
    return _choices(runner, samples, policy, runner.config.grid())


def _choices(
    runner: ArmRunner,
    samples: Mapping[str, Sequence[Sample]],
    policy: str,
    grid: Sequence[GridPoint],
) -> dict[str, Any]:
    """The choice of each rule and of all of them, against the policy's own free arm."""
    names = runner.config.runs_of(policy)

    def calibrated(of: str = "") -> Point:
        runs = [samples[f"calibration/{arm_name(name, of)}"] for name in names]
        return point_of(arm_name(policy, of), make_panel(pool(runs), runs=len(runs)))

    free = calibrated()
    floor = free.accuracy - runner.config.tolerance
    rules: dict[str, list[Point]] = {}
    for p in grid:
        rules.setdefault(p.rule, []).append(calibrated(p.name))
    overall = choose([point for own in rules.values() for point in own], floor)
    return {
        "accuracy": round(free.accuracy, 6),
        "tokens": round(free.tokens, 6),
        "rules": {rule: _record(choose(own, floor), own) for rule, own in rules.items()},
        "overall": overall.chosen,
        "overall_kept_accuracy": overall.kept_accuracy,
    }


def _record(choice: Choice, points: Sequence[Point]) -> dict[str, Any]:
    return {
        "chosen": choice.chosen,
        "kept_accuracy": choice.kept_accuracy,
        "points": [
            {"name": p.name, "tokens": round(p.tokens, 6), "accuracy": round(p.accuracy, 6)}
            for p in points
        ],
    }
