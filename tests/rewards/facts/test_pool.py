"""Shares of a batch for several processes; here threads stand in for them."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from rewards.facts import pool
from rewards.facts.pool import WorkerPool
from tagger.errors import UserError


def add(left: list[int], right: list[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many workers were started, each time."""
    found: list[int] = []

    def start(workers: int, work: Any) -> ThreadPoolExecutor:
        found.append(workers)
        monkeypatch.setattr(pool, "_WORK", [work])
        return ThreadPoolExecutor(workers)

    monkeypatch.setattr(pool, "start_executor", start)
    return found


@pytest.mark.parametrize("workers", [0, 1, 2, 9])
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 10])
def test_results_are_in_order_however_many_share_the_work(
    started: list[int], workers: int, rows: int
) -> None:
    share = WorkerPool(add, workers)
    left, right = list(range(rows)), [10 * n for n in range(rows)]
    assert share(left, right) == share(left, right) == [11 * n for n in range(rows)]
    assert started == ([workers] if workers and rows > 1 else [])


def test_a_worker_that_dies_is_reported_with_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def submit(self, *_: Any) -> Future[Any]:
            raise BrokenProcessPool

    monkeypatch.setattr(pool, "start_executor", lambda *_: Broken())
    with pytest.raises(UserError, match="lower tagging_workers"):
        WorkerPool(add, 2)([1, 2], [3, 4])
