"""Where a training is, seen from outside: processes note step and phase in shared memory."""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Callable
from typing import Any

LOADING, GENERATION, SCORING, UPDATE, SAVE, EVALUATION, EXPORT, ENDED = range(8)
NAMES = ("loading", "generation", "scoring", "update", "save", "evaluation", "export", "ended")
_CELL = struct.Struct("=ii")
_SPENT = struct.Struct("=8d")


class Marks:
    """Step and phase of each of some forks, and the seconds that the first spent in each phase.

    To be made before the forks.
    """

    def __init__(self, processes: int) -> None:
        self._cells = mmap.mmap(-1, _CELL.size * processes)
        self._spent = mmap.mmap(-1, _SPENT.size)

    def read(self, process: int = 0) -> tuple[int, int]:
        """Step, from 1, and phase of a process."""
        step, phase = _CELL.unpack_from(self._cells, _CELL.size * process)
        return int(step), int(phase)

    def seconds(self) -> tuple[float, ...]:
        """Seconds in each phase so far, of the first process."""
        return _SPENT.unpack_from(self._spent)

    def watch(self, process: int) -> None:
        """Have the trainings of this process leave marks."""
        import rl.training.run as run
        import rl.training.trainer as trainers
        from rl.training.callbacks.evaluation import PolicySampler

        now = [LOADING, time.perf_counter(), 0]

        def mark(step: int, phase: int) -> None:
            before, since, _ = now
            if process == 0:
                spent = list(self.seconds())
                spent[int(before)] += time.perf_counter() - since
                _SPENT.pack_into(self._spent, 0, *spent)
            now[:] = [phase, time.perf_counter(), step]
            _CELL.pack_into(self._cells, _CELL.size * process, step, phase)

        def during(phase: int, original: Callable[..., Any], step_of: Any, after: int) -> Any:
            def marked(*args: Any, **kwargs: Any) -> Any:
                step = step_of(args[0]) if step_of else int(now[2])
                mark(step, phase)
                try:
                    return original(*args, **kwargs)
                finally:
                    mark(step, after)

            return marked

        trainer = trainers.StepGRPOTrainer

        def coming(one: Any) -> int:
            return int(one.state.global_step) + 1

        def done(one: Any) -> int:
            return int(one.state.global_step)

        for owner, name, phase, step_of, after in (
            (trainers, "sample_rollouts", GENERATION, coming, SCORING),
            (trainer, "_generate_and_score_completions", SCORING, coming, UPDATE),
            (trainer, "_save_checkpoint", SAVE, done, UPDATE),
            (PolicySampler, "__call__", EVALUATION, None, UPDATE),
            (run, "save_policies", EXPORT, None, EXPORT),
        ):
            setattr(owner, name, during(phase, getattr(owner, name), step_of, after))
