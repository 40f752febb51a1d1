"""The process of one task: alone at its task, on one thread, gone with the one that started it.

    python -m rl.sweep.execution.process FOLDER TASK MODULE:FUNCTION

An interpreter of its own and no fork or spawn of the starting program, which need not be written
for that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import traceback
from importlib import import_module
from pathlib import Path

from rl.sweep.execution.devices import VISIBLE
from rl.sweep.execution.work import Work
from rl.sweep.folder import TaskFolder
from tagger.errors import UserError
from tagger.processes import begin_worker, write_to

TAKEN = 75
"""Exit code of a process whose task another process works on."""

INTERRUPTED = 128 + signal.SIGTERM
"""Exit code of a process that SIGTERM ended, its training's checkpoint written."""

Process = subprocess.Popen[bytes]


def start(work: Work, root: Path, key: str, device: str | None = None) -> Process:
    """Start the process of a task.

    Args:
        work: Does it; a function of a module, for it is imported anew.
        root: Folder of the sweep.
        key: Key of the task.
        device: The GPU that it sees alone; None leaves it those that this process sees.
    """
    own = {"OMP_NUM_THREADS": "1"} | ({} if device is None else {VISIBLE: device})
    named = f"{work.__module__}:{work.__name__}"
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-m", __name__, str(root), key, named],
        stdin=subprocess.PIPE,  # its other end: closed by the system when this process ends
        env={**os.environ, **own, "PYTHONPATH": paths},
    )


def main(root: Path, key: str, work: Work) -> int:
    """Do a task, and record it if it fails.

    Args:
        root: Folder of the sweep.
        key: Key of the task.
        work: Does it.

    Returns:
        Exit code.
    """
    folder = TaskFolder(root / key)
    folder.root.mkdir(parents=True, exist_ok=True)
    lock = claim(folder)
    if lock is None or folder.outcome() is not None:
        return TAKEN
    write_to(folder.log)
    try:
        work(root, key)
    except UserError as error:
        print(f"suffice: {error}", file=sys.stderr)
        folder.fail(str(error), error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:  # the training wrote a checkpoint
        return INTERRUPTED
    except Exception as error:
        traceback.print_exc()
        folder.fail(f"{type(error).__name__}: {error}", 1)
        return 1
    return 0


def _end_with_parent() -> None:
    """End when the process that started this one has ended, SIGKILL included."""
    while os.read(0, 1):
        pass
    os._exit(1)


def claim(folder: TaskFolder) -> object | None:
    """Lock a task for this process.

    Returns:
        The lock, which holds until this process ends, however it ends; None if another process,
        perhaps on another machine that shares the disk, has it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder.lock, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


def is_claimed(folder: TaskFolder) -> bool:
    """Whether a process works on a task."""
    from filelock import FileLock, Timeout

    if not folder.lock.is_file():
        return False
    lock = FileLock(folder.lock, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


def describe(exit_code: int) -> str:
    """Why a process that recorded nothing ended."""
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        memory = ", perhaps for want of memory" if exit_code == -signal.SIGKILL else ""
        return f"ended by {name}{memory}"
    if exit_code == INTERRUPTED:
        return "interrupted by SIGTERM; a training has written a checkpoint, from which it resumes"
    return f"ended with exit code {exit_code} and no word"


if __name__ == "__main__":
    begin_worker()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _module, _, _function = sys.argv[3].partition(":")
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], getattr(import_module(_module), _function)))
