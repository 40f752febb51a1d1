"""What the process of a task does: train, sample, write down what came out.

Everything can be killed at any moment. A training resumes from its last whole checkpoint, samples
that are there are read back, and ``done.json`` is written last.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rl import run_files
from rl.analysis.arms import BASE
from rl.provenance import commit, graphics, library_versions, processor
from rl.sweep.compared import policy_entry, sample_policy, values_of
from rl.sweep.execution.tasks import COMPARISON, control_runs, find_run
from rl.sweep.folder import RUN, SweepFolder, TaskFolder, open_sweep
from rl.sweep.planned import planned_runs
from rl.sweep.planning.runs import Run, base_run
from rl.sweep.stops import compared_with_rules, named_controls
from tagger.errors import UserError
from tagger.files import read_json, write_json

Work = Callable[[Path, str], None]
"""Does a task, given the folder of the sweep and the key of the task; raises if it cannot."""


def do_task(root: Path, key: str) -> None:
    """Do a task for real.

    Args:
        root: Folder of the sweep.
        key: Key of the task.

    Raises:
        UserError: Bad settings, or a training that had no signal.
        Interrupted: SIGTERM came while training; a checkpoint was written.
    """
    sweep = open_sweep(root)
    kind, _, name = key.partition("/")
    if kind == COMPARISON:
        _compare(sweep)
    elif kind == "references":
        _sample_reference(sweep, name)
    else:
        _train_and_sample(sweep, find_run(planned_runs(sweep).runs, name))


def _sample_reference(sweep: SweepFolder, name: str) -> None:
    values, folder = values_of(sweep), sweep.reference(name)
    entry = None if name == BASE else values["policies"][name]
    write_json(folder.done, sample_policy(values, entry, folder.root, sweep.cache))


def _train_and_sample(sweep: SweepFolder, run: Run) -> None:
    began = time.monotonic()
    folder = sweep.run(run.name)
    write_json(folder.root / RUN, {**vars(run), "point": dict(run.point)})
    result = _train(run, folder)
    base = base_run(sweep.config).to_dict()
    entry = policy_entry(run.config, base, folder.training / run_files.POLICY)
    found = sample_policy(values_of(sweep), entry, folder.root, sweep.cache)
    write_json(
        folder.done,
        {
            **found,
            "hash": run.hash,
            "steps": result["steps"],
            "policy_step": result["policy_step"],
            "stopped_early": result["stopped_early"],
            "seconds": round(time.monotonic() - began, 1),
        },
    )


def _train(run: Run, folder: TaskFolder) -> dict[str, Any]:
    """Train, or resume, or read what a finished training left."""
    from rl.training.config import config_from_dict
    from rl.training.run import run_training
    from rl.training.run_folder import RunFolder

    training = RunFolder(folder.training)
    if not training.result.is_file():
        note_start(folder)
        if training.config.is_file():
            run_training(None, resume=folder.training)
        else:
            if folder.training.exists():  # a kill came before its config was written
                shutil.rmtree(folder.training)
            run_training(config_from_dict({**run.config, "output": str(folder.training)}))
    result = read_json(training.result, "delete it and resume the sweep")
    if result.get("no_signal"):
        raise UserError(f"{result['no_signal']} There is no policy.")
    return result


def note_start(folder: TaskFolder) -> None:
    """Note with what a training is started, unless it was before: provenance holds the first."""
    machine = {"processor": processor(), "accelerator": graphics()}
    own = {"commit": commit(), "versions": library_versions(), "machine": machine}
    starts = folder.starts()
    if own not in starts:
        write_json(folder.started, {"starts": [*starts, own]})


def _compare(sweep: SweepFolder) -> None:
    """Compare base and control, free and under the rules of the sweep."""
    from rl.comparison.config import compare_config
    from rl.comparison.run import run_comparison

    folder, base = sweep.comparison, base_run(sweep.config).to_dict()
    runs = control_runs(sweep, planned_runs(sweep).runs)
    controls = named_controls([run for run in runs if sweep.run(run.name).done.is_file()])
    policies = {
        name: policy_entry(run.config, base, sweep.run(run.name).training / run_files.POLICY)
        for name, run in controls.items()
    }
    values = compared_with_rules(values_of(sweep), policies)
    config = compare_config({"title": sweep.config.title, **values}, "compare")
    output = folder.root / "compared"
    results = run_comparison(config, output, resume=output.exists(), cache=sweep.cache)
    named = {name: run.name for name, run in controls.items()}
    write_json(folder.done, {"arms": list(results["arms"]), "controls": named})
