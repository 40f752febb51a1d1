"""A sweep from its settings to its results; what ``suffice sweep`` does, for Python.

from pathlib import Path
from rl.sweep.settings.config import load_sweep
from rl.sweep.sweep import run_sweep

results = run_sweep(load_sweep("sweep.yaml"), Path("runs/weights"), workers=2)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rl import run_files
from rl.provenance import provenance
from rl.sweep.check import check_sweep
from rl.sweep.execution.runner import Progress, Runner, retry_failed, silent
from rl.sweep.execution.work import Work, do_task
from rl.sweep.folder import SWEEP, SweepFolder, begin, check_begun
from rl.sweep.planning.schedule import Schedule
from rl.sweep.report.page import page
from rl.sweep.results import build_results
from rl.sweep.settings.keys import SweepConfig
from rl.sweep.settings.tiny import tiny_sweep
from rl.sweep.table import runs_csv, settings_csv
from tagger.errors import UserError
from tagger.files import write_atomically


class RunsFailedError(UserError):
    """Some runs of a sweep failed; the results are those of the others."""

    exit_code = 4


def begin_sweep(
    config: SweepConfig,
    output: Path,
    cache: Path | None,
    progress: Progress = silent,
    command: str | None = None,
    warn: bool = True,
) -> SweepFolder:
    """Check a sweep and make its folder, or find that in which it was begun.

    Args:
        config: The sweep.
        output: A new folder, or that of this very sweep.
        cache: Folder of arms that comparisons share; None uses no cache.
        progress: Called with the number of runs checked so far.
        command: The command line, noted in a new folder.
        warn: Whether the check warns; that of a sweep cut down repeats what was said of the whole.

    Raises:
        UserError: Something is wrong; nothing was made.
    """
    check_begun(output, config)
    if (output / SWEEP).is_file():
        return begin(output, config, None, None)
    checked = check_sweep(config, progress, warn)
    return begin(output, config, checked.max_new_tokens, cache, checked.training_overlap, command)


def tiny_of(config: SweepConfig, progress: Progress = silent) -> SweepConfig:
    """Check a sweep, and cut it down to one that shows within minutes whether its file works.

    Args:
        config: The sweep.
        progress: Called with the number of runs checked so far.

    Raises:
        UserError: Something is wrong.
    """
    counts = check_sweep(config, progress).problems
    return tiny_sweep(config, {"problems": counts["test"], "calibration": counts["calibration"]})


def run_sweep(
    config: SweepConfig,
    output: Path,
    *,
    workers: int | None = None,
    cache: Path | None = None,
    retry: bool = False,
    progress: Progress = silent,
    command: str | None = None,
    work: Work = do_task,
) -> dict[str, Any]:
    """Run a sweep, or resume it: what is done is never done again.

    Args:
        config: The sweep.
        output: A new folder, or that of this very sweep.
        workers: Runs side by side; those of the sweep if None.
        cache: Folder of arms that comparisons share; None uses no cache.
        retry: Run those again that failed.
        progress: Called with (what is running, done, in all).
        command: The command line, noted in the results.
        work: What does a task; others than `do_task` are for tests.

    Returns:
        The content of ``results.json``.

    Raises:
        UserError: Bad settings, the folder of another sweep, or base could not be sampled.
        KeyboardInterrupt: As raised in this process; what is done is kept.
    """
    sweep = begin_sweep(config, output, cache, progress, command)
    return run_begun(sweep, workers=workers, retry=retry, progress=progress, work=work)


def run_begun(
    sweep: SweepFolder,
    *,
    workers: int | None = None,
    retry: bool = False,
    progress: Progress = silent,
    command: str | None = None,
    work: Work = do_task,
) -> dict[str, Any]:
    """Run what is left of a sweep; arguments and result are those of `run_sweep`."""
    if retry:
        retry_failed(sweep)
    workers = workers or sweep.config.workers
    plan = Runner(sweep, workers=workers, work=work, progress=progress).run()
    return finish(sweep, plan, command)


def finish(sweep: SweepFolder, plan: Schedule, command: str | None = None) -> dict[str, Any]:
    """Write the results of what is done: ``results.json``, two tables and the page.

    Args:
        sweep: The sweep.
        plan: Its runs.
        command: A further command line, noted in the results after the one that began the sweep.

    Returns:
        The content of ``results.json``.

    Raises:
        UserError: No run is done, or base is not sampled.
    """
    results = build_results(sweep, plan)
    commands = "\n".join(filter(None, (sweep.command, command)))
    results["provenance"] = _provenance(sweep, results["taggers"], commands or None)
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(sweep.root / run_files.RESULTS, text + "\n")
    write_atomically(sweep.root / "settings.csv", settings_csv(results))
    write_atomically(sweep.root / "runs.csv", runs_csv(results))
    write_atomically(sweep.root / run_files.REPORT, page(results))
    return results


def _provenance(
    sweep: SweepFolder, taggers: Sequence[Mapping[str, Any]], command: str | None
) -> Mapping[str, Any]:
    """With the tagger of most runs, which another version may have packaged; else today's."""
    from rl.sweep.compared import compare_settings
    from rl.sweep.planning.runs import base_run, seeds_of
    from tagger.units import load_taggers

    base = base_run(sweep.config)
    compare = compare_settings(sweep.config, base, sweep.max_new_tokens)
    if taggers:
        tagger, audit = taggers[0]["tagger"], taggers[0]["audit"]
    else:
        loaded = load_taggers(compare.tagger, compare.audit_tagger, compare.segmenter)
        tagger, audit = (one.fingerprint if one else None for one in loaded)
    return provenance(
        model=dict(compare.policies),
        tagger_fingerprint=tagger,
        audit_fingerprint=audit,
        config=sweep.config.to_dict(),
        seeds=sorted({*seeds_of(sweep.config, base), sweep.config.seed, compare.seed}),
        command=command,
    )


def refuse_failures(results: Mapping[str, Any], resume: str) -> None:
    """Say that runs failed, after the results of the others are shown.

    Raises:
        RunsFailedError: Some did.
    """
    lost = len(results["failed"])
    if lost:
        what = "1 task of the sweep" if lost == 1 else f"{lost} tasks of the sweep"
        raise RunsFailedError(
            f"{what} failed, as listed above; once the cause is fixed, retry with: {resume}"
        )
