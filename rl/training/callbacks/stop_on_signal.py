"""SIGTERM and Ctrl-C during training: write a checkpoint at the next step that can be resumed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from transformers import TrainerCallback

SIGNALS = (signal.SIGINT, signal.SIGTERM)

REPEAT_SECONDS = 1.0
"""A second Ctrl-C ends the process only if it comes later than this: terminal and launcher both
pass the first one on, at nearly the same moment."""


def die_of(number: int) -> None:
    """End this process at once, as the signal does by default."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


class StopOnSignal(TrainerCallback):
    """Ends training after a checkpoint when a signal has come to any process.

    All processes take the same decision at the end of the same step, so that the checkpoint is
    whole. A second Ctrl-C ends the process at once.

    Args:
        resumable_at: Whether a run can be resumed exactly from a checkpoint of this step.
        main: Whether this process speaks.
        clock: Seconds; for tests.
        die: Ends the process; for tests.
    """

    def __init__(
        self,
        resumable_at: Callable[[int], bool],
        main: bool = True,
        clock: Callable[[], float] = time.monotonic,
        die: Callable[[int], None] = die_of,
    ) -> None:
        self._resumable_at, self._main = resumable_at, main
        self._clock, self._die = clock, die
        self._received = 0
        self._at = 0.0
        self.number: int | None = None  # the signal that all processes agreed to stop for

    @property
    def exit_code(self) -> int:
        """What a process that has stopped ends with: 0 where the system asked for it by SIGTERM."""
        return 128 + self.number if self.number and self.number != signal.SIGTERM else 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals for the length of a block; only a main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.receive) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def receive(self, number: int, _frame: FrameType | None = None) -> None:
        """Note a signal; the step that runs is finished first."""
        now = self._clock()
        if number == signal.SIGINT == self._received and now - self._at >= REPEAT_SECONDS:
            self._die(number)
        if not self._received:
            self._received, self._at = number, now
            if self._main:
                print(
                    "suffice: finishing the step, then writing a checkpoint; Ctrl-C again ends at "
                    "once and loses what came after the last one.",
                    file=sys.stderr,
                    flush=True,
                )

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Save and stop if a process received a signal; log only where a step is logged anyway."""
        if not self._resumable_at(int(state.global_step)):
            return
        agreed = highest_of_all(self._received)
        if agreed:
            self.number = agreed
            control.should_save = control.should_training_stop = True


def highest_of_all(number: int) -> int:
    """The highest of the processes' numbers, on every process."""
    import torch
    from accelerate import PartialState

    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return number
    shared = torch.tensor([number], device=PartialState().device)
    torch.distributed.all_reduce(shared, op=torch.distributed.ReduceOp.MAX)
    return int(shared.item())
