"""Forks of a process that has imported everything and computed nothing: one import for many runs.

Forks that work together find each other as under torchrun, by the same environment variables.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path


def forked(work: Callable[[], None], said: Path | None = None) -> int:
    """Start `work` in a fork, its standard error in the file `said`; return its process number."""
    gc.freeze()  # every training collects garbage: not once more through all that was imported
    child = os.fork()
    if child == 0:
        try:
            if said is not None:
                os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            work()
        except BaseException as error:  # the fork must never return into its caller
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return child


def status_of(child: int) -> int:
    """Wait for a fork: its exit status, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def in_ranks(count: int, work: Callable[[], None], said: Path) -> list[int]:
    """Run `work` in so many processes of one group; statuses in the order of their ends.

    Like torchrun, kills the others once one has failed. Rank `r` writes its standard error to
    the file `said` with the suffix ``.r``.
    """
    port = free_port()

    def ranked(rank: int) -> Callable[[], None]:
        def start() -> None:
            names = {"RANK": rank, "LOCAL_RANK": rank}
            names |= {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_PORT": port}
            os.environ.update({name: str(value) for name, value in names.items()})
            os.environ["MASTER_ADDR"] = "127.0.0.1"
            work()

        return start

    running = {forked(ranked(rank), said.with_suffix(f".{rank}")) for rank in range(count)}
    statuses = []
    while running:
        child, status = os.wait()
        running.remove(child)
        statuses.append(os.waitstatus_to_exitcode(status))
        if statuses[-1]:
            for other in running:
                os.kill(other, signal.SIGKILL)
    return statuses
