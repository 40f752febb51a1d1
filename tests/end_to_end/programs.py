"""Programs of these tests, each run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m")


def run_module(
    module: str, *words: object, launcher: tuple[str, ...] = (), timeout: int = 500
) -> subprocess.CompletedProcess[str]:
    """Run a module of this folder on one thread, offline.

    Args:
        module: Its name.
        words: Its arguments.
        launcher: What is to start it, e.g. `TORCHRUN`.
        timeout: In seconds.
    """
    return subprocess.run(
        [sys.executable, "-m", *launcher, f"tests.end_to_end.{module}", *map(str, words)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
