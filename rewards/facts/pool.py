"""Worker processes that take a share of every batch; this process takes one, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from tagger.errors import UserError
from tagger.processes import begin_worker

Work = Callable[..., list[Any]]
"""Takes columns of equal length, slices of a batch; gives one result a row."""


class WorkerPool:
    """Does the same to all rows of a batch, shared among processes; the result is that of one.

    Args:
        work: What is done; pickled once for each worker, and each row must not depend on others.
        workers: Processes next to this one; 0 does everything here.
        key: Config key that set their number, for errors.
    """

    def __init__(self, work: Work, workers: int, key: str = "tagging_workers") -> None:
        self._work, self._workers, self._key = work, workers, key
        self._executor: Executor | None = None

    def __call__(self, *columns: Sequence[Any]) -> list[Any]:
        """Do it to all rows; the workers start with the first call.

        Raises:
            UserError: A worker died.
        """
        rows = len(columns[0])
        parts = min(self._workers + 1, rows)
        if parts < 2:
            return self._work(*columns)
        if self._executor is None:
            self._executor = start_executor(self._workers, self._work)
        shares = [[column[part::parts] for column in columns] for part in range(parts)]
        try:
            futures = [self._executor.submit(_work, *share) for share in shares[1:]]
            found: list[Any] = [None] * rows
            found[::parts] = self._work(*shares[0])
            for part, future in enumerate(futures, 1):
                found[part::parts] = future.result()
        except BrokenProcessPool as error:
            raise UserError(
                f"A worker process died, perhaps for want of memory; lower {self._key}."
            ) from error
        return found


def start_executor(workers: int, work: Work) -> Executor:
    """Start the processes."""
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(work,)
    )


_WORK: list[Work] = []


def _begin(work: Work) -> None:
    begin_worker()
    _WORK[:] = [work]


def _work(*columns: Sequence[Any]) -> list[Any]:
    return _WORK[0](*columns)
