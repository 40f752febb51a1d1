"""The asking: bounded concurrency, retries, budget, and an orderly end however it ends."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence

from tagger.annotation.client import (
    Endpoint,
    EndpointFailure,
    RequestForm,
    plain_url,
    wait_before,
)
from tagger.annotation.cost import Ledger, prompt_tokens_of
from tagger.annotation.plan import Job, Task
from tagger.annotation.prompt import Message, asked_again
from tagger.annotation.raw_log import RawLog
from tagger.annotation.results import Attempt, is_settled, read_attempt, tokens_taken


class Asking:
    """Asks the open tasks of a job until all are settled or something stops it.

    The first task is asked alone: an endpoint that is down, or does not take structured output,
    is found out by one request and not by a handful.

    Attributes:
        stopped: Why it stopped, as the end of a sentence that begins with the URL; empty while it
            goes on or when all is done.
        interrupted: Whether the user stopped it.
    """

    def __init__(
        self,
        job: Job,
        attempts: dict[str, list[Attempt]],
        ledger: Ledger,
        log: RawLog,
        endpoint: Endpoint,
        told: Callable[[int, int], None] = lambda done, total: None,
        rng: random.Random | None = None,
    ) -> None:
        self.stopped = ""
        self.interrupted = False
        self._job, self._settings = job, job.settings
        self._attempts, self._ledger, self._log = attempts, ledger, log
        self._endpoint, self._told = endpoint, told
        self._rng = rng or random.Random()
        self._form = RequestForm(self._settings.structured, temperature=True)
        tries = self._settings.answer_tries
        self._open = deque(t for t in job.tasks if not is_settled(attempts[t.key], tries))
        self._done = len(job.tasks) - len(self._open)
        self._failures = 0
        self._answered = False
        self._not_before = 0.0
        self._workers: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Ask. Returns when nothing is under way any more; see `stopped`."""
        self._stop = asyncio.Event()
        self._spent = asyncio.Condition()
        self._tell()
        try:
            await self._work([self._open.popleft()] if self._open else [])
            await self._work(None)
        finally:
            await self._endpoint.close()

    def interrupt(self) -> None:
        """Send nothing more and wait for what is under way; a second time, drop that too."""
        if self.interrupted:
            for worker in self._workers:
                worker.cancel()
        self.interrupted = True
        self._end("was interrupted")

    async def _work(self, only: list[Task] | None) -> None:
        queue = self._open if only is None else deque(only)
        most = min(self._settings.concurrency, len(queue))
        self._workers = [asyncio.create_task(self._worker(queue)) for _ in range(most)]
        results = await asyncio.gather(*self._workers, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result

    async def _worker(self, queue: deque[Task]) -> None:
        try:
            while queue and not self._stop.is_set():
                await self._settle(queue.popleft())
        except asyncio.CancelledError:
            raise
        except BaseException:
            self._end("stopped at an error")
            raise

    async def _settle(self, task: Task) -> None:
        """Ask about one window until its answer can be used, or its tries are used up."""
        attempts = self._attempts[task.key]
        messages = self._job.messages(task.window)
        if attempts:
            messages = self._again(task, attempts[-1])
        while not is_settled(attempts, self._settings.answer_tries):
            body = await self._answer(task, messages)
            if body is None:
                return
            attempts.append(read_attempt(body, task, self._job))
            messages = self._again(task, attempts[-1])
        self._done += 1
        self._tell()
        last = attempts[-1]
        if last.labels is not None:
            self._failures = 0
        else:
            self._failed(f"brought no usable label (last answer: {last.heard!r}: {last.fault})")

    def _again(self, task: Task, attempt: Attempt) -> list[Message]:
        return asked_again(self._job.messages(task.window), attempt.content, attempt.fault)

    async def _answer(self, task: Task, messages: Sequence[Message]) -> str | None:
        """One answer, retries included; None if there was none or the run has stopped."""
        prompt_tokens = prompt_tokens_of(messages)
        retry = 0
        while await self._may_send(prompt_tokens):
            form, began = self._form, time.monotonic()
            try:
                body = await self._sent(task, messages, form, prompt_tokens, began)
            except EndpointFailure as failure:
                simpler = form.without(failure)
                if simpler is not None:
                    # Another worker may have found out something else meanwhile; keep both.
                    if self._form == form:
                        self._form = simpler
                    continue
                wait = self._wait_for(failure, retry)
                if wait is None:
                    return None
                retry += 1
                await self._pause(wait)
            else:
                self._answered = True
                return body
        return None

    async def _sent(
        self,
        task: Task,
        messages: Sequence[Message],
        form: RequestForm,
        prompt_tokens: int,
        began: float,
    ) -> str:
        """Send once; the answer or failure is on disk before anything else happens."""
        trace = self._job.traces[task.trace].id
        row: dict[str, object] = {"key": task.key, "trace": trace, "steps": list(task.window.asked)}
        row["estimated"] = prompt_tokens
        taken = (0, 0)
        try:
            body = await self._endpoint.ask(messages, form)
        except EndpointFailure as failure:
            # What timed out may have been billed; a budget had better count it.
            taken = (prompt_tokens, 0) if failure.timed_out else (0, 0)
            self._write("failure", row, taken, began, status=failure.status, told=str(failure))
            raise
        else:
            taken = tokens_taken(body, prompt_tokens)
            self._write("answer", row, taken, began, body=body)
            return body
        finally:
            self._ledger.release(prompt_tokens)
            self._ledger.book(*taken, prompt_tokens if taken[0] else 0)
            async with self._spent:
                self._spent.notify_all()

    def _write(
        self,
        kind: str,
        row: dict[str, object],
        taken: tuple[int, int],
        began: float,
        **rest: object,
    ) -> None:
        self._log.append(
            {
                "kind": kind,
                **row,
                "prompt_tokens": taken[0],
                "answer_tokens": taken[1],
                "seconds": round(time.monotonic() - began, 3),
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                **rest,
            }
        )

    async def _may_send(self, prompt_tokens: int) -> bool:
        """Wait out a pause, then reserve; ends the run when the budget has no room."""
        while (wait := self._not_before - time.monotonic()) > 0 and not self._stop.is_set():
            await self._pause(wait)
        answer_tokens = self._settings.answer_tokens
        async with self._spent:
            while not self._stop.is_set():
                limit = self._ledger.over(prompt_tokens, answer_tokens)
                if limit is None:
                    self._ledger.reserve(prompt_tokens)
                    return True
                if not self._ledger.under_way:
                    self._end(f"was asked no further, because the next request would pass {limit}")
                    return False
                # Requests under way have reserved the longest answer; most leave room.
                await self._spent.wait()
        return False

    def _wait_for(self, failure: EndpointFailure, retry: int) -> float | None:
        """Seconds until the next retry; None if there is to be none."""
        if failure.fatal:
            self._end(str(failure))
            return None
        asked = failure.retry_after or 0.0
        if asked > self._settings.max_wait:
            self._end(f"{failure} and asks to wait {asked:.0f} s, more than max_wait")
            return None
        if not failure.retryable or retry >= self._settings.retries:
            if failure.retryable and not self._answered:
                self._end(str(failure))
            else:
                self._failed(str(failure))
            return None
        if asked:
            # What holds back one request holds back all.
            self._not_before = max(self._not_before, time.monotonic() + asked)
        return max(asked, wait_before(retry, self._settings, self._rng))

    async def _pause(self, seconds: float) -> None:
        """Sleep, unless the run stops."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

    def _failed(self, told: str) -> None:
        self._failures += 1
        if self._failures >= self._settings.max_failures:
            self._end(f"{told}, {self._failures} requests in a row without a label")

    def _end(self, told: str) -> None:
        if not self.stopped:
            self.stopped = f"{plain_url(self._settings.base_url)} {told}"
        self._stop.set()

    def _tell(self) -> None:
        self._told(self._done, len(self._job.tasks))
