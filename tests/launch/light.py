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


HELP_NEEDS_NOT = (*HEAVY, "numpy", "pydantic", "rich", "yaml", "jinja2")

_CODE = """
import sys
from launch.cli import main
try:
    code = main(sys.argv[2:])
except SystemExit as stop:  # argparse ends a --help so
    code = stop.code
heavy = set(sys.argv[1].split()) & set(sys.modules)
sys.exit(f"imported {sorted(heavy)}" if heavy else code)
"""


def light(
    *argv: str, stdin: str = "", heavy: tuple[str, ...] = HEAVY
) -> subprocess.CompletedProcess[str]:
    """Run a command; its exit code is not 0 if it imported anything heavy."""
    return subprocess.run(
        [sys.executable, "-c", _CODE, " ".join(heavy), *argv],
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip
