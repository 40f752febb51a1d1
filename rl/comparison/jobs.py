"""Which arms a comparison runs: policies × {free, each rule of the grid, oracle}."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rl.analysis.arms import arm_name
from rl.comparison.config import CompareConfig
from rl.comparison.grid import GridPoint


@dataclass(frozen=True)
class Job:
    """One arm on one split.

    Attributes:
        arm: Its name; names its file too.
        policy: Name of the policy.
        split: ``test`` or ``calibration``.
        point: The stopping rule that monitors it, or None.
        oracle: Search the samples of the policy's free arm for the first sufficient step instead.
    """

    arm: str
    policy: str
    split: str
    point: GridPoint | None = None
    oracle: bool = False

    @property
    def key(self) -> str:
        """Split and arm, as in the file's path."""
        return f"{self.split}/{self.arm}"

    @property
    def free(self) -> Job:
        """The free arm of the same policy, which an oracle searches."""
        return Job(self.policy, self.policy, self.split)

    def setting(self) -> dict[str, Any]:
        """How the policy runs, whatever its name."""
        return {"rule": self.point.config() if self.point else None, "oracle": self.oracle}


def has_drafts(job: Job, config: CompareConfig) -> bool:
    """Whether the completions of its policy's free arm are the drafts of an arm."""
    return config.drafts and job.point is not None


def follows(job: Job, config: CompareConfig) -> bool:
    """Whether an arm needs the samples of its policy's free arm."""
    return job.oracle or has_drafts(job, config)


def grid_job(policy: str, split: str, point: GridPoint) -> Job:
    """The arm of a policy under one point of the grid."""
    return Job(arm_name(policy, point.name), policy, split, point)


def monitored_job(policy: str, point: GridPoint) -> Job:
    """The test arm of a policy without a grid under the rule that was chosen for it."""
    return Job(arm_name(policy, "monitored"), policy, "test", point)


def oracle_job(policy: str) -> Job:
    """The oracle stop of a policy on the test problems."""
    return Job(arm_name(policy, "oracle"), policy, "test", oracle=True)


def chosen_jobs(config: CompareConfig, overall: Mapping[str, str]) -> list[Job]:
    """The test arms of the grid that were chosen, of every run of their policy.

    Args:
        config: The settings.
        overall: Name of the chosen arm, by policy with a grid.
    """
    return [
        grid_job(run, "test", point)
        for policy, chosen in overall.items()
        for point in config.grid()
        if arm_name(policy, point.name) == chosen
        for run in config.runs_of(policy)
    ]


def independent_jobs(config: CompareConfig) -> list[Job]:
    """Every arm that no choice on the calibration split decides about, the longest first."""
    grid, names = config.grid(), list(config.policies)
    gridded = [run for name in config.with_grid for run in config.runs_of(name)]
    jobs = [Job(name, name, "test") for name in names]
    jobs += [grid_job(name, "test", p) for name in gridded for p in grid]
    if grid:
        for name in (run for head in config.monitored for run in config.runs_of(head)):
            jobs.append(Job(name, name, "calibration"))
            if name in gridded:
                jobs += [grid_job(name, "calibration", p) for p in grid]
    if config.oracle:
        jobs += [oracle_job(name) for name in gridded]
    return jobs


def arms_at_most(config: CompareConfig) -> tuple[int, int]:
    """Most arms on the test and the calibration problems, chosen ones included."""
    grid, policies = len(config.grid()), len(config.policies)
    full = sum(len(config.runs_of(name)) for name in config.with_grid)
    monitored = sum(len(config.runs_of(name)) for name in config.monitored)
    test = policies + full * grid + (monitored - full) * bool(grid) + full * config.oracle
    return test, monitored * (1 + grid) if grid else 0
