"""Extend a sweep in its folder: more seeds, values, arms or trials than it began with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

from rl.sweep.check import check_sweep
from rl.sweep.execution.aside import free_name, put_comparison_aside
from rl.sweep.execution.runner import Progress, silent
from rl.sweep.execution.tasks import control_runs
from rl.sweep.folder import (
    FREE,
    GROWS,
    SWEEP,
    SweepFolder,
    first_difference,
    open_sweep,
    write_sweep,
)
from rl.sweep.planned import planned_runs
from rl.sweep.planning.runs import Run
from rl.sweep.settings.keys import SweepConfig
from tagger.errors import UserError


def extend_sweep(root: Path, config: SweepConfig, progress: Progress = silent) -> SweepFolder:
    """Check a sweep that has more runs than the one in a folder, and put it in its place.

    What is done stays as it is; ``sweep.json`` is kept as ``sweep-1.json``. Where control has other
    runs than were compared under rules, that comparison is put aside and made anew.

    Args:
        root: Folder of a sweep.
        config: The longer one.
        progress: Called with the number of runs checked so far.

    Raises:
        UserError: The folder holds no sweep, another key differs, a run that was begun is missing,
            or a new one is wrong or writes more tokens than are compared; nothing was changed.
    """
    before = open_sweep(root)
    _check_grown(before, config)
    checked = check_sweep(config, progress)
    most, longest = before.max_new_tokens, checked.max_new_tokens
    if most is not None and longest is not None and longest > most:
        raise UserError(
            f"Policies of the sweep in {root} are compared on up to {most} tokens, and a new run"
            f" writes up to {longest}; name a new folder with --output."
        )
    grown = replace(before, config=config, training_overlap=checked.training_overlap)
    _put_comparison_aside(before, control_runs(before, _all_runs(before)), grown)
    copyfile(root / SWEEP, free_name(root / SWEEP))
    write_sweep(grown)
    return grown


def _check_grown(before: SweepFolder, config: SweepConfig) -> None:
    key = first_difference(before.config.to_dict(), config.to_dict(), free=(*FREE, *GROWS))
    if key is not None:
        raise UserError(
            f"A sweep is extended by other values of {', '.join(GROWS)} alone, and {key} differs"
            f" from that of {before.root}; name a new folder with --output."
        )
    if config.method == "tpe":
        for arm in before.config.arm_names:
            if arm in config.arm_names and before.config.varied(arm) != config.varied(arm):
                raise UserError(
                    f"What {arm or 'the sweep'} varies differs from that of {before.root}, and tpe"
                    " chose points there by it; name a new folder with --output."
                )
    known = {(run.arm, run.hash) for run in _all_runs(replace(before, config=config))}
    for run in _all_runs(before):
        if before.run(run.name).root.is_dir() and (run.arm, run.hash) not in known:
            raise UserError(
                f"The run {run.label!r} of seed {run.seed} was begun in {before.root}, and the"
                " longer sweep has none of its settings; put it back, or name a new folder with"
                " --output."
            )


def _all_runs(sweep: SweepFolder) -> Sequence[Run]:
    """The runs that are known, and those of all seeds."""
    whole = replace(sweep.config, more_seeds_within=None)
    return planned_runs(replace(sweep, config=whole)).runs


def _put_comparison_aside(before: SweepFolder, controls: Sequence[Run], grown: SweepFolder) -> None:
    """Have the comparison under rules be made anew if control has other runs by now."""
    names = {run.name for run in control_runs(grown, _all_runs(grown))}
    if names != {run.name for run in controls}:
        put_comparison_aside(before)
