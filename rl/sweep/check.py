"""Everything about a sweep that can be wrong, found before the first run begins."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl.sweep.analysis.contrast import check_bands
from rl.sweep.compared import check_problems, compare_settings
from rl.sweep.execution.devices import one_device
from rl.sweep.execution.runner import Progress, silent
from rl.sweep.execution.slurm import check_slurm
from rl.sweep.planned import proposer
from rl.sweep.planning.outermost import outermost_runs
from rl.sweep.planning.runs import Run, base_run, config_hash
from rl.sweep.planning.schedule import Schedule, schedule
from rl.sweep.settings.keys import SweepConfig
from rl.sweep.settings.space import number_of_points, read_space
from rl.sweep.training_problems import training_overlaps
from tagger.errors import UserError

if TYPE_CHECKING:
    from rewards.stack import RewardStack
    from rl.training.config import RunConfig
    from rl.training.plan import Plan


@dataclass(frozen=True)
class Checked:
    """A sweep that can be run.

    Attributes:
        schedule: The runs that are known.
        max_new_tokens: Largest completion length of the runs; None if no run names or derives one.
        problems: How many problems each split of the comparison has.
        training_overlap: How many of them the runs are trained on, as of `training_overlaps`.
    """

    schedule: Schedule
    max_new_tokens: int | None
    problems: dict[str, int]
    training_overlap: dict[str, Any]


def check_sweep(config: SweepConfig, progress: Progress = silent, warn: bool = True) -> Checked:
    """Resolve every run that is known, and check it as ``suffice train`` would.

    Args:
        config: The sweep.
        progress: Called with the number of runs checked so far.
        warn: Whether to warn of too many workers, of terms that teach nothing, of more trials than
            points, and of problems of the comparison that a run is trained on.

    Raises:
        UserError: The settings of a run, which is named, or of the comparison are wrong.
    """
    from rl.comparison.run import check_comparison

    check_slurm(config.slurm)
    compare = compare_settings(config, base_run(config))
    plan = schedule(config, {}, proposer(config))
    problems = check_problems(compare)
    if config.contrast is not None:
        check_bands(config.contrast.equal_on, [p.band for p in problems["test"]])
    with one_device(config.workers):
        if compare.rules:
            check_comparison(compare)
        plans, notes = _check_runs([*plan.runs, *outermost_runs(config)], progress)
    overlap, warnings = training_overlaps(
        problems, [one.problems for one in plans], [one.eval_problems for one in plans]
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if cores and config.workers > cores:
        warnings.append(
            f"workers is {config.workers}, and there are {cores} CPUs: runs will wait for each"
            " other."
        )
    warnings += [*notes, *_spare_trials(config)]
    for warning in warnings if warn else ():
        print(f"suffice: WARNING: {warning}", file=sys.stderr)
    lengths = (one.arguments.max_completion_length for one in plans)
    length = compare.max_new_tokens or max(filter(None, lengths), default=None)
    counts = {split: len(own) for split, own in problems.items()}
    return Checked(plan, length, counts, overlap)


def _spare_trials(config: SweepConfig) -> list[str]:
    """That an arm has fewer points than trials: a point that is drawn twice is one run."""
    found = []
    for arm in config.arm_names:
        space = read_space(config.varied(arm))
        points = number_of_points(space)
        if space and points is not None and config.trials is not None and config.trials > points:
            named = f" of the arm {arm!r}" if arm else ""
            found.append(
                f"trials is {config.trials}, and what varies{named} has {points}"
                f" combination{'s' * (points > 1)}, so there are no more runs of it than that."
            )
    return found


def _check_runs(runs: Sequence[Run], progress: Progress) -> tuple[list[Plan], list[str]]:
    """Check runs; those that differ in terms and seed alone share what is read from the disk.

    Returns:
        Plans, and notes about terms that teach nothing, each once, with the run it is of.
    """
    from rl.training.config import config_from_dict
    from rl.training.plan import make_plan
    from rl.training.run_folder import RunFolder

    plans: dict[str, Plan] = {}
    notes: dict[str, str] = {}
    for number, run in enumerate(runs, 1):
        key = _without_terms(run)
        config = config_from_dict({**run.config, "output": run.name})
        try:
            if key in plans:
                stack = _check_reward(config, plans[key])
            else:
                plans[key] = make_plan(RunFolder(Path(run.name)), config)
                stack = plans[key].stack
            for note in _idle_terms(stack, plans[key]):
                notes.setdefault(note, f"In the run {run.label!r}: {note}")
        except UserError as error:
            raise UserError(f"In the run {run.label!r}: {error}") from error
        progress("runs checked", number, len(runs))
    return list(plans.values()), list(notes.values())


def _idle_terms(stack: RewardStack, like: Plan) -> list[str]:
    """Sentences about terms and weights that do nothing in a run like the one planned."""
    from rewards.notes import notes_of_terms

    longest, steps = like.arguments.max_completion_length, like.arguments.max_steps
    told = [problem.metadata for problem in like.problems]
    return notes_of_terms(stack.terms, like.tagger.taxonomy, longest, steps, told)


def _without_terms(run: Run) -> str:
    """Hash of what a run's check needs a model, problems or a tokenizer for."""
    reward = {**run.config["reward"], "terms": None}
    return config_hash({**run.config, "reward": reward, "seed": None})


def _check_reward(config: RunConfig, like: Plan) -> RewardStack:
    """Check the reward of a run that shares everything else with a run whose plan is there."""
    from rewards.weights.control.control_run import with_control_curves
    from rl.training.advantages.choice import check_aggregation, reward_stack

    evaluates = config.eval_problems is not None
    config.reward.terms = with_control_curves(config.reward.terms, evaluates)
    stack = reward_stack(config.reward, config.grpo, like.tagger.taxonomy, evaluates)
    check_aggregation(config.reward, stack, like.arguments)
    return stack
