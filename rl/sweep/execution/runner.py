"""The runner: tasks in processes of their own, a bounded number at a time, until all are done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from subprocess import TimeoutExpired
from typing import Any

from rl import run_files
from rl.sweep.execution.aside import renew_comparison
from rl.sweep.execution.devices import least_used, visible_devices
from rl.sweep.execution.process import TAKEN, Process, describe, is_claimed, start
from rl.sweep.execution.tasks import COMPARISON, Task, tasks_of
from rl.sweep.execution.waiting import Waiting
from rl.sweep.execution.work import Work, do_task
from rl.sweep.folder import SweepFolder, TaskFolder
from rl.sweep.planned import planned_runs
from rl.sweep.planning.outcomes import Outcome
from rl.sweep.planning.schedule import Schedule
from tagger.errors import UserError

Progress = Callable[[str, int, int], None]
"""Called with (what is running, done, in all)."""
POLL = 1.0
"""Seconds between two looks at what other runners do."""
GRACE = 60.0
"""Seconds that an interrupted training has to write its checkpoint."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


class Runner:
    """Works on a sweep; several may do so at once, on machines that share its folder.

    Args:
        sweep: The sweep.
        workers: Processes at a time.
        limit: Most runs that this runner starts; None works until the sweep is done.
        only: Key of the one task to do, and of those before it that nobody works on; None takes
            any.
        work: What does a task.
        progress: Called with (what is running, done, in all).
        waiting: Reports what this runner waits for.
    """

    def __init__(
        self,
        sweep: SweepFolder,
        *,
        workers: int = 1,
        limit: int | None = None,
        only: str | None = None,
        work: Work = do_task,
        progress: Progress = silent,
        waiting: Waiting | None = None,
    ) -> None:
        self.sweep, self.workers, self.limit, self.only = sweep, workers, limit, only
        self.work, self.progress = work, progress
        self._waiting = Waiting() if waiting is None else waiting
        self._running: dict[Process, Task] = {}
        self._devices = visible_devices() if workers > 1 else []
        self._used: dict[Process, str | None] = {}
        self._started = 0
        self._reported: dict[str, tuple[int, int]] = {}
        self._known: tuple[dict[str, Outcome], Schedule] | None = None

    def run(self) -> Schedule:
        """Work until nothing is left to do.

        Returns:
            The runs of the sweep, as far as they are known.

        Raises:
            KeyboardInterrupt: As raised in this process; the tasks were terminated, and
                trainings have written a checkpoint.
        """
        try:
            while True:
                plan = self._plan()
                waiting = self._start(plan)
                if not self._running and not waiting:
                    self._report(plan)
                    return plan
                self._wait()
                self._collect()
                self._report(plan)
        except (KeyboardInterrupt, SystemExit):
            self._stop()
            raise

    def _plan(self) -> Schedule:
        outcomes = self.sweep.outcomes()
        if self._known is None or self._known[0] != outcomes:
            self._known = (outcomes, planned_runs(self.sweep, outcomes))
        return self._known[1]

    def _start(self, plan: Schedule) -> bool:
        """Start what may be started.

        Returns:
            Whether there is more to wait for than what this runner has running.
        """
        mine = {task.key for task in self._running.values()}
        waiting, held = False, []
        renew_comparison(self.sweep, plan.runs)
        for task in self._wanted(tasks_of(self.sweep, plan)):
            folder = task.folder(self.sweep)
            if task.key in mine or folder.state != "waiting":
                continue
            if any(not (self.sweep.root / key / run_files.DONE).is_file() for key in task.after):
                waiting = waiting or self._may_come(task)
                continue
            if self._exhausted and task.key.startswith("runs/"):
                continue
            waiting = True
            if len(self._running) >= self.workers:
                continue
            if is_claimed(folder):
                held.append(folder)
            else:
                self._begin(task)
        self._waiting.look([] if self._running else held)
        return waiting or (not plan.complete and not self._exhausted and self.only is None)

    def _wanted(self, tasks: Sequence[Task]) -> list[Task]:
        """The tasks that this runner may do.

        Of an `only` that comes after others these as well: the agent that had one may be gone, and
        W&B gives each task to an agent once.
        """
        before = {key for task in tasks if task.key == self.only for key in task.after}
        return [task for task in tasks if self.only in (None, task.key) or task.key in before]

    def _begin(self, task: Task) -> None:
        """Start the process of a task, on a GPU that others use least."""
        used = [device for process in self._running if (device := self._used[process])]
        device = least_used(self._devices, used)
        process = start(self.work, self.sweep.root, task.key, device)
        self._running[process], self._used[process] = task, device
        self._started += task.key.startswith("runs/")

    @property
    def _exhausted(self) -> bool:
        return self.limit is not None and self._started >= self.limit

    def _may_come(self, task: Task) -> bool:
        """Whether what a task waits for may still be done."""
        return not self._exhausted and not any(
            (self.sweep.root / key / run_files.FAILED).is_file() for key in task.after
        )

    def _wait(self) -> None:
        """Wait until one of the processes ends, or it is time to look what others have done."""
        end = time.monotonic() + POLL
        while time.monotonic() < end and all(p.poll() is None for p in self._running):
            time.sleep(POLL / 20)

    def _collect(self) -> None:
        """Take note of the processes that ended."""
        for process in [p for p in self._running if p.poll() is not None]:
            task = self._running.pop(process)
            folder = task.folder(self.sweep)
            if process.returncode == TAKEN:
                self._started -= task.key.startswith("runs/")
            elif folder.outcome() is None and not is_claimed(folder):  # by another machine by now
                code = process.returncode
                reason = f"{describe(code)}; see {folder.log}"
                folder.fail(reason, 128 - code if code < 0 else code)

    def _stop(self) -> None:
        """End the tasks; trainings write a checkpoint first."""
        for process in self._running:
            process.terminate()
        end = time.monotonic() + GRACE
        try:
            for process in self._running:
                process.wait(max(0.0, end - time.monotonic()))
        except (KeyboardInterrupt, TimeoutExpired):  # a second Ctrl-C: at once
            pass
        for process in self._running:
            process.kill()
            process.wait()

    def _report(self, plan: Schedule) -> None:
        done = sum(run.name in (self._known or ({},))[0] for run in plan.runs)
        for task in self._running.values():
            if task.steps:
                self._update(task.label, self._steps(task), task.steps)
        self._update("runs of the sweep", done, max(plan.planned, len(plan.runs)))

    def _update(self, what: str, done: int, total: int) -> None:
        """Report what has changed."""
        if self._reported.get(what) != (done, total):
            self._reported[what] = (done, total)
            self.progress(what, done, total)

    def _steps(self, task: Task) -> int:
        file = task.folder(self.sweep).training / run_files.METRICS
        return file.read_bytes().count(b"\n") if file.is_file() else 0


def failures(sweep: SweepFolder, plan: Schedule) -> list[dict[str, Any]]:
    """Tasks that failed: ``task``, ``label``, ``reason``, ``exit_code``."""
    found = []
    for task in tasks_of(sweep, plan):
        folder = task.folder(sweep)
        if folder.failed.is_file() and not folder.done.is_file():
            found.append({"task": task.key, "label": task.label, **folder.failure()})
    label = "a proposal of TPE"
    return found + [
        {"task": "", "label": label, "reason": reason, "exit_code": UserError.exit_code}
        for reason in plan.refused
    ]


def retry_failed(sweep: SweepFolder) -> int:
    """Have failed tasks wait again.

    Returns:
        How many there were.
    """
    folders = [
        TaskFolder(file.parent)
        for pattern in ("references/*", "runs/*", COMPARISON)
        for file in sorted(sweep.root.glob(f"{pattern}/{run_files.FAILED}"))
        if not (file.parent / run_files.DONE).is_file()
    ]
    for folder in folders:
        folder.retry()
    return len(folders)
