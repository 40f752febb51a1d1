"""Which arms a comparison runs: policies × {free, each rule of the grid, oracle}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rl.analysis.arms import arm_name
from rl.comparison.config import CompareConfig
from rl.comparison.grid import GridPoint
from rl.policy.config import PolicyConfig, changed_settings
from rl.problems.problem import Problem


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
        """The free arm of the same policy: an oracle searches it, drafts are its completions."""
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


def arm_content(
    job: Job,
    config: CompareConfig,
    settings: PolicyConfig,
    problems: Sequence[Problem],
    samples: int,
    taggers: tuple[str, str | None],
    answer_tokens: int | None,
) -> dict[str, Any]:
    """What the samples of an arm depend on, but for its policy's files; for hashes.

    Args:
        job: The arm.
        config: The settings.
        settings: Its policy's.
        problems: What it answers.
        samples: How often.
        taggers: Fingerprints of tagger and audit tagger.
        answer_tokens: Budget of an oracle's forced answers.
    """
    c = config
    content = {
        **job.setting(),
        "tagger": taggers[0],
        "audit": taggers[1],
        "problems": [asdict(p) for p in problems],
        "samples": samples,
        "sampling": [c.temperature, c.top_p, c.top_k, c.max_new_tokens, c.seed, c.batch_size],
        "answer": ["greedy", answer_tokens] if job.oracle else None,
    }
    # Else as the keys of earlier versions.
    if changed := changed_settings(settings):
        content["policy settings"] = changed
    if c.max_batch_tokens is not None:
        content["max_batch_tokens"] = c.max_batch_tokens
    if c.engine != "kit":
        content["engine"] = c.engine
    if has_drafts(job, c):
        content["drafts"] = True
    return content


def grouped(jobs: Sequence[Job], config: CompareConfig, parts: int) -> list[list[Job]]:
    """Bring arms together that read the same drafts.

    Args:
        jobs: What to run.
        config: The settings.
        parts: Groups to make of the arms of a policy on a split, so that all processes have work.

    Returns:
        Groups of arms with drafts, and every other job alone, in order.
    """
    drafted: dict[tuple[str, str], list[Job]] = {}
    groups: list[list[Job]] = []
    for job in jobs:
        if not has_drafts(job, config):
            groups.append([job])
            continue
        same = drafted.setdefault((job.policy, job.split), [])
        if not same:
            groups.append(same)
        same.append(job)
    return [group[part::parts] for group in groups for part in range(min(parts, len(group)))]


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
