"""Arms side by side: one process each, on as many cores as the settings allow.

An arm's samples depend on its settings alone, never on what runs next to it, so one worker and
several give the same files. Only the clock differs: arms that run side by side share the machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl.comparison.arms import ArmProgress, ArmRunner
from rl.comparison.config import CompareConfig
from rl.comparison.jobs import Job, follows, grouped
from tagger.errors import UserError
from tagger.processes import begin_worker

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

    from rl.comparison.cache import ArmCache
    from rl.evaluation.samples import Sample

_WORKER: dict[str, ArmRunner] = {}


def run_jobs(
    runner: ArmRunner, jobs: Sequence[Job], *, alone: bool = False
) -> dict[str, list[Sample]]:
    """Run jobs in one process or several; jobs that are done are read back.

    Args:
        runner: Knows settings, folder and progress.
        jobs: What to run; an arm that needs its policy's free arm begins once that is there.
        alone: One after the other, whatever the settings say: their times are compared.

    Returns:
        The samples of each job, by its `Job.key`.
    """
    waiting = [job for job in jobs if not runner.find(job)]
    workers = 1 if alone else min(runner.config.workers, len(waiting))
    if workers > 1:
        _side_by_side(runner, waiting, workers)
        runner.origins.update({job.key: "sampled" for job in waiting})
    else:
        for group in (g for g in grouped(waiting, runner.config, 1) if len(g) > 1):
            runner.run_each(group)
    return {j.key: runner.run(j) for j in sorted(jobs, key=lambda j: follows(j, runner.config))}


def _side_by_side(runner: ArmRunner, jobs: Sequence[Job], workers: int) -> None:
    """Have processes run the jobs and keep them on disk.

    Raises:
        UserError: A worker died.
    """
    context = get_context("spawn")
    news_queue: SimpleQueue[Any] = context.SimpleQueue()
    watcher = threading.Thread(target=_pass_on, args=(news_queue, runner.progress), daemon=True)
    watcher.start()
    others = set(active_children())
    try:
        with ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=_begin,
            initargs=(runner.config, runner.folder, runner.cache, news_queue, workers),
        ) as pool:
            try:
                _submit(pool.submit, grouped(jobs, runner.config, workers), runner.config)
            except (KeyboardInterrupt, SystemExit):
                # Leaving the pool waits for its workers, which may take hours to finish an arm.
                for worker in set(active_children()) - others:
                    worker.terminate()
                raise
    except BrokenProcessPool as error:
        raise UserError(
            f"A worker of the comparison in {runner.folder} died, perhaps for want of memory; what "
            "is done is kept: resume with fewer, e.g. workers=1."
        ) from error
    except Exception:
        _end_watch(news_queue, watcher)
        raise
    else:
        _end_watch(news_queue, watcher)
    # A worker that was killed may have held the queue's lock: nothing is written to it then, and
    # the watcher ends with this process.


def _end_watch(news_queue: SimpleQueue[Any], watcher: threading.Thread) -> None:
    news_queue.put(None)
    watcher.join()


def _submit(
    submit: Callable[..., Future[None]], groups: Sequence[list[Job]], config: CompareConfig
) -> None:
    """Queue the jobs; one that follows its free arm waits for it. The first error ends it all."""
    futures: dict[str, Future[None]] = {}
    try:
        for group in (g for g in groups if not follows(g[0], config)):
            futures[group[0].key] = submit(_work, group)
        for group in (g for g in groups if follows(g[0], config)):
            base = futures.get(group[0].free.key)
            if base is not None:
                base.result()
            futures[group[0].key] = submit(_work, group)
        for future in futures.values():
            future.result()
    finally:
        for future in futures.values():
            future.cancel()


def _begin(
    config: CompareConfig, folder: Path, cache: ArmCache | None, news_queue: Any, workers: int
) -> None:
    """Set up a worker: its end with the parent's, its runner, its share of the cores."""
    begin_worker()
    import torch

    torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) // workers)))
    runner = ArmRunner(config, folder, lambda *news: news_queue.put(news), cache)
    runner.side_by_side = workers
    _WORKER["runner"] = runner


def _work(group: list[Job]) -> None:
    if len(group) > 1:
        _WORKER["runner"].run_each(group)
    else:
        _WORKER["runner"].run(group[0])


def _pass_on(news_queue: Any, progress: ArmProgress) -> None:
    """Hand the workers' news to the one who watches."""
    while (news := news_queue.get()) is not None:
        progress(*news)
