"""Runs light commands in a process of their own, with an eye on the clock and on imports."""

from __future__ import annotations

import subprocess
import sys
import time

HEAVY = (
    "torch",
    "transformers",
    "trl",
    "sklearn",
    "scipy",
    "pandas",
    "reasoning_gym",
    "datasets",
    "matplotlib",
)


def light(*argv: str, stdin: str = "") -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a command; its output, and the least of three wall clocks (other jobs disturb it)."""
    code = (
        "import sys; from launch.cli import main; code = main(sys.argv[1:]);"
        f"heavy = {{*{HEAVY!r}}} & set(sys.modules);"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else code)"
    )
    times = []
    for _ in range(3):
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", code, *argv], input=stdin, capture_output=True, text=True
        )
        times.append(time.monotonic() - start)
        if times[-1] < 2:
            break
    return done, min(times)
