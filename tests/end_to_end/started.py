"""Processes that run the command line in forks, as torchrun would start and end them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.forks import forked, free_port
from tests.end_to_end.phases import Marks

PATIENCE = 30.0
"""Seconds that torchrun leaves processes between SIGTERM and SIGKILL."""


@dataclass
class Processes:
    """The processes of one start of a run.

    Attributes:
        running: Process numbers by rank.
        ended: Exit codes by rank, minus the signal for those killed.
        said: Where each wrote its standard error.
        marks: Where each is.
    """

    running: dict[int, int]
    said: list[Path]
    marks: Marks
    ended: dict[int, int] = field(default_factory=dict)

    def look(self) -> None:
        """Note which have ended."""
        for rank, number in list(self.running.items()):
            found, status = os.waitpid(number, os.WNOHANG)
            if found:
                del self.running[rank]
                self.ended[rank] = os.waitstatus_to_exitcode(status)

    def wait(self, limit: float = 600.0) -> None:
        """Wait for all; once one has failed, end the others as torchrun does."""
        failed, until = False, time.monotonic() + limit
        while self.running:
            self.look()
            if not failed and any(self.ended.values()):
                failed, until = True, time.monotonic() + PATIENCE
                for number in self.running.values():
                    os.kill(number, signal.SIGTERM)
            if time.monotonic() > until:
                for number in self.running.values():
                    os.kill(number, signal.SIGKILL)
            time.sleep(0.01)

    def words(self, rank: int = 0) -> str:
        """The last sentence that a process said."""
        lines = self.said[rank].read_text(errors="replace").splitlines()
        last = next((line for line in reversed(lines) if line.startswith("suffice: ")), "")
        return "" if "WARNING" in last else last


def start(argv: Sequence[str], count: int, said: Path, spoil: Callable[[int], None]) -> Processes:
    """Run the command line in so many forks.

    Args:
        argv: Words after ``suffice``.
        count: How many.
        said: Standard error of each, with the suffix of its rank.
        spoil: Called in each fork first, with its rank.
    """
    port, marks = free_port(), Marks(count)

    def ranked(rank: int) -> Callable[[], None]:
        def work() -> None:
            from launch.cli import main

            os.dup2(2, 1)
            if count > 1:
                named = {"RANK": rank, "LOCAL_RANK": rank, "MASTER_PORT": port}
                named |= {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
                os.environ.update({name: str(value) for name, value in named.items()})
                os.environ["MASTER_ADDR"] = "127.0.0.1"
            marks.watch(rank)
            spoil(rank)
            try:
                code = main(list(argv))
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

        return work

    files = [said.with_suffix(f".{rank}") for rank in range(count)]
    return Processes({r: forked(ranked(r), files[r]) for r in range(count)}, files, marks)
