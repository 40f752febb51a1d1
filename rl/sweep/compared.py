"""The comparison of a sweep: its settings, and the samples of one policy on its problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from shutil import rmtree
from typing import Any

from rl.analysis.arms import BASE, TRAINED
from rl.comparison.config import CompareConfig, compare_config
from rl.comparison.policies import merge_policies
from rl.policy.config import PolicySettings
from rl.problems.problem import Problem
from rl.sweep.folder import SweepFolder
from rl.sweep.planning.runs import base_run
from rl.sweep.settings.keys import SweepConfig
from rl.training.config import RunConfig
from tagger.errors import UserError

SPLITS = ("test", "calibration")
"""Figures are reported on the first; settings are chosen on the second."""
_SHARED = ("tagger", "segmenter", "audit_tagger", *(f.name for f in fields(PolicySettings)))


def comparison_values(
    config: SweepConfig, base: RunConfig, max_new_tokens: int | None
) -> dict[str, Any]:
    """Settings of the comparison, what is left out taken from the run that is varied.

    Args:
        config: The sweep.
        base: Its base run.
        max_new_tokens: Most tokens of a completion, if the sweep does not name them.

    Raises:
        UserError: A policy is named twice or has no model.
    """
    values = merge_policies(config.compare)
    run = base.to_dict()
    policies = values.pop("policies", None) or {
        BASE: {key: run[key] for key in ("model", "revision", "adapter") if run[key] is not None}
    }
    shared = {key: run[key] for key in _SHARED if run[key] is not None}
    derived = {} if max_new_tokens is None else {"max_new_tokens": max_new_tokens}
    return {"rules": {}, **shared, **derived, **values, "policies": policies}


def values_of(sweep: SweepFolder) -> dict[str, Any]:
    """`comparison_values` of a sweep that was begun."""
    return comparison_values(sweep.config, base_run(sweep.config), sweep.max_new_tokens)


def compare_settings(
    config: SweepConfig, base: RunConfig, max_new_tokens: int | None = None
) -> CompareConfig:
    """The comparison as typed settings, with the policies that were there before.

    Raises:
        UserError: A key or a value is wrong.
    """
    return compare_config(comparison_values(config, base, max_new_tokens), "compare")


def sample_policy(
    values: Mapping[str, Any], entry: Any, folder: Path, cache: Path | None
) -> dict[str, Any]:
    """Sample one policy on both splits, or read it back if it is in the folder or the cache.

    Args:
        values: As of `comparison_values`.
        entry: The policy, as in ``policies``; None for base.
        folder: Gets ``samples/<split>/<policy>.jsonl.gz``.
        cache: Folder of arms that comparisons share; None uses no cache.

    Returns:
        ``accuracy`` and ``tokens`` on each split.

    Raises:
        UserError: As of `ArmRunner`; or the splits share problems.
    """
    from rl.analysis.frontier import point_of
    from rl.analysis.panels import make_panel
    from rl.comparison.arms import ArmRunner
    from rl.comparison.cache import ArmCache
    from rl.comparison.folder import OtherSamplerError
    from rl.comparison.jobs import Job
    from rl.comparison.workers import run_jobs

    policies = {BASE: values["policies"][BASE]}
    if entry is not None:
        policies[TRAINED] = entry
    own = {
        **values,
        "policies": policies,
        "grid_policies": None,
        "claims": None,
        "pooled": {},
        "rules": {},
        "oracle": False,
        "workers": 1,
    }
    own = {key: value for key, value in own.items() if value is not None}
    runner = ArmRunner(compare_config(own), folder, None, ArmCache(cache) if cache else None)
    runner.derive()
    name = BASE if entry is None else TRAINED
    jobs = [Job(name, name, split) for split in SPLITS]
    try:
        found = run_jobs(runner, jobs)
    except OtherSamplerError:
        # Killed after one split, resumed by another version or machine: both are sampled anew.
        rmtree(folder / "samples")
        found = run_jobs(ArmRunner(runner.config, folder, None, runner.cache), jobs)
    places = {split: point_of(name, make_panel(found[f"{split}/{name}"])) for split in SPLITS}
    return {
        split: {"accuracy": place.accuracy, "tokens": place.tokens}
        for split, place in places.items()
    }


def check_problems(compare: CompareConfig) -> dict[str, list[Problem]]:
    """Read the problems of both splits.

    Returns:
        They, by the names in `SPLITS`.

    Raises:
        UserError: They cannot be read, an id is there twice, or test problems are calibration
            problems too: settings would be chosen on problems that they are reported on.
    """
    from rl.problems.registry import load

    test, calibration = load(compare.problems), load(compare.calibration)
    if len({p.id for p in test}) != len(test):
        raise UserError(
            f"{compare.problems.source} holds a problem id twice; give every problem its own."
        )
    seen = {p.question for p in calibration}
    if shared := sum(p.question in seen for p in test):
        raise UserError(
            f"{shared} of the test problems of the comparison are calibration problems too; take"
            " another split or seed for compare.calibration."
        )
    return {"test": test, "calibration": calibration}


def policy_entry(
    config: Mapping[str, Any], base: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """The policy that a run trained, asked and loaded as in the run where that was varied."""
    names = [f.name for f in fields(PolicySettings)]
    return {key: config[key] for key in names if config[key] != base[key]} | {"model": str(folder)}
