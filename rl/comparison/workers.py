"""Arms side by side: one process each, on as many cores as the settings allow.

An arm's samples depend on its settings alone, never on what runs beside it, so one worker and
several give the same files. Only the clock differs: arms that run side by side share the machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl.comparison.arms import ArmProgress, ArmRunner, Job
from rl.comparison.config import CompareConfig

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

    from rl.evaluation.samples import Sample

_WORKER: dict[str, ArmRunner] = {}


def run_jobs(runner: ArmRunner, jobs: Sequence[Job]) -> dict[str, list[Sample]]:
    """Run jobs in one process or several; jobs that are done are read back.

    Args:
        runner: Knows settings, folder and progress.
        jobs: What to run; an oracle begins once the base of the same split is there.

    Returns:
        The samples of each job, by its `Job.key`.
    """
    waiting = [job for job in jobs if not runner.is_done(job)]
    workers = min(runner.config.workers, len(waiting))
    if workers > 1:
        _side_by_side(runner, waiting, workers)
    return {job.key: runner.run(job) for job in sorted(jobs, key=lambda j: j.oracle)}


def _side_by_side(runner: ArmRunner, jobs: Sequence[Job], workers: int) -> None:
    """Have processes run the jobs and keep them on disk."""
    context = get_context("spawn")
    told: SimpleQueue[Any] = context.SimpleQueue()
    watcher = threading.Thread(target=_pass_on, args=(told, runner.progress), daemon=True)
    watcher.start()
    try:
        with ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=_begin,
            initargs=(runner.config, runner.folder, told, workers),
        ) as pool:
            _submit(pool.submit, jobs)
    finally:
        told.put(None)
        watcher.join()


def _submit(submit: Callable[..., Future[None]], jobs: Sequence[Job]) -> None:
    """Queue the jobs; an oracle waits for its base. The first error ends it all."""
    futures: dict[str, Future[None]] = {}
    try:
        for job in (j for j in jobs if not j.oracle):
            futures[job.key] = submit(_work, job)
        for job in (j for j in jobs if j.oracle):
            base = futures.get(job.base_key)
            if base is not None:
                base.result()
            futures[job.key] = submit(_work, job)
        for future in futures.values():
            future.result()
    finally:
        for future in futures.values():
            future.cancel()


def _begin(config: CompareConfig, folder: Path, told: Any, workers: int) -> None:
    """Set up a worker: its runner, its share of the cores."""
    import torch

    torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) // workers)))
    runner = ArmRunner(config, folder, lambda *news: told.put(news))
    _WORKER["runner"] = runner


def _work(job: Job) -> None:
    _WORKER["runner"].run(job)


def _pass_on(told: Any, progress: ArmProgress) -> None:
    """Hand the workers' news to the one who watches."""
    while (news := told.get()) is not None:
        progress(*news)
