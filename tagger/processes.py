"""Worker processes: they end with the process that started them, however that ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path


def begin_worker() -> None:
    """Set up a worker: it leaves Ctrl-C to its parent and ends with it.

    Ctrl-C reaches every process of the terminal; the parent ends its workers itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait for the end of the parent process (SIGKILL included), then end this one.

    The sentinel is a pipe whose other end only the parent holds: the system closes it.
    """
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def write_to(log: Path) -> None:
    """Have everything that this process and its libraries print go to the end of a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
