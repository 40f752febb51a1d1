"""Runs light commands in a process of their own, with an eye on what they import."""

from __future__ import annotations

import subprocess
import sys

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


def light(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command; its exit code is not 0 if it imported anything heavy."""
    code = (
        "import sys; from launch.cli import main; code = main(sys.argv[1:]);"
        f"heavy = {{*{HEAVY!r}}} & set(sys.modules);"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else code)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *argv],
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip
