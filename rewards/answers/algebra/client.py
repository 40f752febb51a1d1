"""The other end of the algebra process: started when first asked, replaced when it ends."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from tagger.errors import UserError

WALL_SECONDS = 60
"""A reply that takes so long never comes: the process was stopped, or the machine stands still."""

START_SECONDS = 300
"""Loading sympy takes a second, and minutes on a machine that is busy with much else."""

_ATTEMPTS = 3
_GRACE_SECONDS = 2
_PROGRAM = Path(__file__).with_name("worker.py")


class _Ended(Exception):
    """The process ended before it replied."""


class AlgebraProcess:
    """One process that computes for all threads of this one, one request at a time.

    Nothing starts before the first request. A process that ends is replaced: with the next request
    if it used up its processor time; with the same request, up to three times, if it ended for
    another reason.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id; None before the first request and after the process was dropped."""
        return self._process.pid if self._process is not None else None

    def ask(self, operation: str, *texts: str) -> Any:
        """Ask one thing.

        Args:
            operation: A name in `rewards.answers.algebra.worker.OPERATIONS`.
            texts: Its arguments.

        Returns:
            The result; None if it cannot be computed, or not in time.

        Raises:
            UserError: No process can be started, or three in a row ended on this request.
        """
        line = json.dumps([operation, texts]).encode() + b"\n"
        with self._lock:
            for _ in range(_ATTEMPTS):
                try:
                    return _exchange(self._running(), line)
                except _Ended:
                    if self._drop(_GRACE_SECONDS) == -signal.SIGPROF:
                        return None
                except TimeoutError:
                    self._drop()
                    return None
                except BaseException:
                    self._drop()  # its reply, still to come, must not answer the next request
                    raise
        raise UserError(
            f"The process that runs math-verify ended {_ATTEMPTS} times in a row without a reply; "
            "see what it printed above, and whether the machine is out of memory."
        )

    def close(self) -> None:
        """End the process; the next request starts another."""
        with self._lock:
            self._drop()

    def _drop(self, grace: float = 0.0) -> int | None:
        """Let go of the process.

        Args:
            grace: Seconds to wait for an end that is under way.

        Returns:
            Its return code, negative for a signal; None without a process.
        """
        process, self._process = self._process, None
        if process is None:
            return None
        with process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(grace)
            process.kill()
        return process.returncode

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_PROGRAM)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl-C is for this process, which then ends the other
            )
            _read_line(self._process, START_SECONDS)
        except (OSError, TimeoutError) as error:
            self._drop()
            raise UserError(
                f"The process that runs math-verify could not be started ({error})."
            ) from error
        return self._process


def _exchange(process: subprocess.Popen[bytes], line: bytes) -> Any:
    assert process.stdin is not None
    try:
        process.stdin.write(line)
    except OSError as error:
        raise _Ended from error
    return json.loads(_read_line(process, WALL_SECONDS))["value"]


def _read_line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """One line of the process's output.

    Raises:
        TimeoutError: It does not come in time.
        _Ended: The output ends.
    """
    assert process.stdout is not None
    line, end = b"", time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, end - time.monotonic())):
                raise TimeoutError(f"no reply in {seconds:g} seconds")
            part = os.read(process.stdout.fileno(), 1 << 16)
            if not part:
                raise _Ended
            line += part
    return line


_shared = AlgebraProcess()
atexit.register(lambda: _shared.close())


def _forget_in_child() -> None:
    """A forked child must not write into its parent's pipe, nor wait for a lock held there."""
    global _shared
    _shared = AlgebraProcess()


os.register_at_fork(after_in_child=_forget_in_child)


@lru_cache(maxsize=4096)
def ask(operation: str, *texts: str) -> Any:
    """Ask this process's algebra process; see `AlgebraProcess.ask`.

    Replies are kept, so an expression that hangs costs its time once.
    """
    return _shared.ask(operation, *texts)
