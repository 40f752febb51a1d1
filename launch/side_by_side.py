"""Trainings side by side, a process each; one that is killed resumes from its last checkpoint.

A training's weights depend on its config alone, never on what runs next to it.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from launch.bootstrap import stop_on_sigterm
from rl.analysis.signal import NoSignalError
from rl.training.config import RunConfig
from rl.training.run_folder import RunFolder
from tagger.errors import UserError
from tagger.files import read_json
from tagger.processes import begin_worker, write_to

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

ENDED, REFUSED, NO_SIGNAL, FAILED = "ended", "refused", "no signal", "failed"
STOPPED, KILLED = "stopped", "killed"
RESTARTS = 3
"""How often a training that was killed is resumed before it is given up."""
_GLANCE = 1.0  # seconds between two looks at how far the trainings are
_LINE = 100_000  # bytes of a metrics file of which the last line is a part

Work = Callable[["Training", "Connection"], None]
"""What a process does with a training; its last words go into the pipe, as `_train` has them."""
TrainingProgress = Callable[[str, int, int], None]
"""Called with (name of a training, steps done, steps in all)."""


@dataclass(frozen=True)
class Training:
    """One training run.

    Attributes:
        name: Name of the policy it makes.
        config: Its config.
        folder: Its run folder.
    """

    name: str
    config: RunConfig
    folder: RunFolder

    @property
    def log(self) -> Path:
        """What the process writes to its terminal, next to the run folder."""
        return self.folder.root.with_name(f"{self.folder.root.name}.log")

    @property
    def done(self) -> bool:
        """Whether the run is complete.

        Raises:
            NoSignalError: It is, and made no policy.
        """
        if not self.folder.result.is_file():
            return False
        if no_signal := read_json(self.folder.result, "delete it and resume").get("no_signal"):
            raise NoSignalError(f"Training {self.name!r}: {no_signal} Begin a new run.")
        return True

    @property
    def total(self) -> int:
        """Steps of the whole run; 0 if its config does not say."""
        steps = self.config.grpo.get("max_steps")
        return steps if isinstance(steps, int) and steps > 0 else 0

    def steps(self) -> int:
        """The last step of its metrics so far."""
        try:
            with self.folder.metrics.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _LINE))
                return int(json.loads(file.read().splitlines()[-1])["step"])
        except (OSError, ValueError, KeyError, IndexError, TypeError):
            return 0  # not there yet, or in the middle of a line


def run_trainings(
    trainings: Sequence[Training],
    at_once: int,
    say: Callable[[str], None],
    progress: TrainingProgress,
    work: Work | None = None,
) -> None:
    """Run trainings, or resume them; those that are done are not done again.

    Args:
        trainings: What to run.
        at_once: Most processes at a time.
        say: Takes a line on what happens.
        progress: Is told how far each one is.
        work: What a process does; None trains.

    Raises:
        UserError: One refused its input, failed, or was killed more than `RESTARTS` times; the
            others have written a checkpoint and ended.
        NoSignalError: One never had a gradient.
        Interrupted: The user stopped the work; all have written a checkpoint and ended.
    """
    waiting = []
    for training in trainings:
        if training.done:
            say(f"Training {training.name!r} is done already: {training.folder.policy}")
        else:
            waiting.append(training)
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(_Running(waiting.pop(0), say, work or _train))
            wait([one.process.sentinel for one in running], timeout=_GLANCE)
            for one in list(running):
                if total := one.training.total:
                    progress(one.training.name, min(one.training.steps(), total), total)
                if one.ended():
                    running.remove(one)
    except BaseException:
        _stop(running)
        raise


def _stop(running: Sequence[_Running]) -> None:
    """Have the processes write a checkpoint and end; a second Ctrl-C ends them at once."""
    for one in running:
        one.process.terminate()
    try:
        for one in running:
            one.process.join()
    except KeyboardInterrupt:
        for one in running:
            one.process.kill()
        raise


class _Running:
    """A training in a process of its own."""

    def __init__(self, training: Training, say: Callable[[str], None], work: Work) -> None:
        self.training, self._say, self._work = training, say, work
        self._restarts = 0
        self.process, self._news = self._start()

    def _start(self) -> tuple[SpawnProcess, Connection]:
        """Start the process, from the last checkpoint if there is one."""
        folder, name = self.training.folder, self.training.name
        if folder.config.is_file():
            self._say(f"Training {name!r}: going on from its last checkpoint.")
        else:
            if folder.root.is_dir() and not any(folder.root.iterdir()):
                folder.root.rmdir()  # killed between making the folder and writing its config
            self._say(f"Training {name!r}: log in {self.training.log}.")
        context = get_context("spawn")
        news, theirs = context.Pipe(duplex=False)
        process = context.Process(
            target=self._work, args=(self.training, theirs), name=f"train {name}"
        )
        process.start()
        theirs.close()
        return process, news

    def ended(self) -> bool:
        """Whether the training is over; one that was killed is started again.

        Raises:
            UserError, NoSignalError: It went wrong.
        """
        if self.process.is_alive():
            return False
        self.process.join()
        try:
            kind, text = self._news.recv()
        except EOFError:  # it said nothing
            kind, text = KILLED, ""
        name, log = self.training.name, self.training.log
        if kind == ENDED:
            return True
        if kind == REFUSED:
            raise UserError(f"Training {name!r}: {text}")
        if kind == NO_SIGNAL:
            raise NoSignalError(f"Training {name!r}: {text}")
        if kind == FAILED:
            raise UserError(f"Training {name!r} failed ({text}); its log is {log}.")
        code = self.process.exitcode or 0
        ended = f"signal {-code}" if code < 0 else f"exit {code}" if code else "a signal"
        if self._restarts == RESTARTS:
            raise UserError(
                f"Training {name!r} was killed {RESTARTS + 1} times ({ended}), perhaps for want of "
                f"memory; its log is {log}, and what is done is kept."
            )
        self._restarts += 1
        self._say(f"Training {name!r} was killed ({ended}); restart {self._restarts}.")
        self.process, self._news = self._start()
        return False


def _train(training: Training, news: Connection) -> None:
    """What the process does; its words go into the log, its end into the pipe."""
    begin_worker()
    os.setsid()  # Ctrl-C reaches the parent alone, which has each training write a checkpoint once
    training.log.parent.mkdir(parents=True, exist_ok=True)
    write_to(training.log)
    stop_on_sigterm()
    try:
        from rl.training.run import run_training

        begun = training.folder.config.is_file()
        run_training(None if begun else training.config, training.folder.root if begun else None)
        news.send((ENDED, ""))
    except NoSignalError as error:
        news.send((NO_SIGNAL, str(error)))
    except UserError as error:
        news.send((REFUSED, str(error)))
    except KeyboardInterrupt:
        news.send((STOPPED, ""))
    except Exception as error:
        traceback.print_exc()
        news.send((FAILED, f"{type(error).__name__}: {error}"))
