"""Batches of traces on several cores: one process each, results in the order of the batches.

Every process does the same with a batch (`launch.tagging.work`), and the batches are the same
however many there are, so the output is the same byte for byte. No more than two batches a worker
are read ahead, which bounds the memory.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from types import ModuleType
from typing import TYPE_CHECKING

from launch.bootstrap import ONE_THREAD
from launch.tagging.work import BatchTagger, TaggedBatch, TagJob
from tagger.errors import UserError
from tagger.processes import begin_worker

if TYPE_CHECKING:
    from tagger.traces.rows import SourceTrace

AHEAD = 2
"""Batches that are under way for each worker."""

_jobs: list[TagJob] = []
_taggers: list[BatchTagger] = []


def tagged_batches(
    work: BatchTagger, batches: Iterable[list[SourceTrace]], workers: int
) -> Generator[TaggedBatch, None, None]:
    """Tag batches in this process, or in several others.

    Args:
        work: Does the job here; others load it anew.
        batches: The traces, read as they are needed.
        workers: How many processes tag; 1 is this one.

    Yields:
        What became of each batch, in their order.

    Raises:
        UserError: A worker died; or as reading or tagging raises.
    """
    if workers == 1:
        first = 0
        for traces in batches:
            yield work(first, traces)
            first += len(traces)
    else:
        yield from _side_by_side(work.job, batches, workers)


def _side_by_side(
    job: TagJob, batches: Iterable[list[SourceTrace]], workers: int
) -> Generator[TaggedBatch, None, None]:
    others = set(active_children())
    waiting: deque[Future[TaggedBatch]] = deque()
    first = 0
    try:
        with (
            _one_thread_each(),
            ProcessPoolExecutor(
                workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(job,)
            ) as pool,
        ):
            try:
                for traces in batches:
                    waiting.append(_submit(pool, first, traces))
                    first += len(traces)
                    while waiting and (len(waiting) >= AHEAD * workers or waiting[0].done()):
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BaseException:
                # Nobody waits for what they are doing; leaving the pool would.
                for worker in set(active_children()) - others:
                    worker.terminate()
                raise
    except BrokenProcessPool as error:
        raise UserError(
            f"One of {workers} workers died, perhaps for want of memory, and no output file was "
            "written; tag again with fewer, e.g. --workers 1."
        ) from error


def _submit(
    pool: ProcessPoolExecutor, first: int, traces: list[SourceTrace]
) -> Future[TaggedBatch]:
    """Hand a batch over; a worker may be started for it."""
    try:
        with _starting():
            return pool.submit(_work, first, traces)
    except (OSError, ValueError) as error:
        # None can be started, or the pool is just being closed for a death: a pipe that the new
        # worker was to be given is shut, "handle is closed" or "bad value(s) in fds_to_keep".
        raise BrokenProcessPool(str(error)) from error


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes started here compute on one thread each, unless the user has set a number."""
    added = {name: value for name, value in ONE_THREAD.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@contextmanager
def _starting() -> Iterator[None]:
    """What holds while a worker may be started.

    Ctrl-C is held back, and a worker inherits that: it is for its parent. And the worker does not
    run the main script again, which it does not need: one that tags without asking whether it is
    the main module would start workers of its own.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(job: TagJob) -> None:
    begin_worker()
    _jobs.append(job)


def _work(first: int, traces: list[SourceTrace]) -> TaggedBatch:
    if not _taggers:  # here and not in `_begin`, so that an error reaches the user
        _taggers.append(BatchTagger(_jobs[0]))
    return _taggers[0](first, traces)
