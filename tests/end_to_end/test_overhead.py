"""Facts, terms and tagging cost at most 5 % of a GRPO step."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_step_takes_at_most_five_percent_longer() -> None:
    """In a process of its own: line coverage slows our Python, and TRL's not at all."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.overhead", "-", "4"],
        capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    lines = [line.split(": ") for line in done.stdout.splitlines() if ": " in line]
    measured = {line[0]: float(line[1]) for line in lines if len(line) == 2}
    assert measured["our_reward_seconds"] > measured["constant_reward_seconds"]
    assert measured["ratio"] <= 1.05, measured
