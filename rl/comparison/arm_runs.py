"""The arms of the test split as the results take them, with what each of them cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from rl.analysis.arms import ArmRun, arm_label
from rl.analysis.panels import pool
from rl.comparison.arms import ArmRunner
from rl.comparison.grid import GridPoint
from rl.comparison.jobs import Job, grid_job, monitored_job, oracle_job
from rl.comparison.selection import Selection
from rl.comparison.workers import run_jobs
from rl.evaluation.samples import Sample


def arm_runs(
    runner: ArmRunner, samples: Mapping[str, list[Sample]], selection: Selection | None
) -> list[ArmRun]:
    """The arms of the test split, in reading order: policy by policy, oracles last."""
    config = runner.config

    def arm(
        policy: str,
        kind: str,
        label: str,
        job_of: Callable[[str], Job],
        point: GridPoint | None = None,
    ) -> ArmRun:
        """One arm, with the samples of every training run of its policy."""
        jobs = [job_of(run) for run in config.runs_of(policy)]
        return ArmRun(
            name=jobs[0].arm,
            policy=policy,
            kind=kind,
            label=label,
            samples=pool([samples[job.key] for job in jobs]),
            rule=point.config() if point else None,
            cost=runner.cost(jobs),
            rule_name=point.rule if point else None,
            runs=tuple(job.policy for job in jobs) if len(jobs) > 1 else (),
            prompts=runner.policies[policy].prompts,
            thinks=runner.policies[policy].settings.thinking,
        )

    runs = []
    for name in config.heads:
        runs.append(arm(name, "free", name, lambda run: Job(run, run, "test")))
        if name in config.with_grid:
            for point in config.grid():
                label = arm_label(name, point.label)
                job_of = partial(grid_job, split="test", point=point)
                runs.append(arm(name, "grid", label, job_of, point))
        elif selection and name in selection.chosen:
            point = selection.chosen[name]
            job_of = partial(monitored_job, point=point)
            ran = run_jobs(
                runner, [job_of(run) for run in config.runs_of(name)], alone=not config.drafts
            )
            samples = {**samples, **ran}
            label = f"{name} + monitored ({point.label})"
            runs.append(arm(name, "monitored", label, job_of, point))
    for name in config.with_grid if config.oracle else ():
        runs.append(arm(name, "oracle", arm_label(name, "oracle stop"), oracle_job))
    return runs
