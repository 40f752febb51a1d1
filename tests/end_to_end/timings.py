"""Timings, kept out of the suite: start-up, throughput of `suffice tag`, both beside another clone.

    python -m tests.end_to_end.timings                               start-up of light commands
    python -m tests.end_to_end.timings --tag FILE…                   and steps a second of tagging
    python -m tests.end_to_end.timings --tag FILE… --other PYTHON ROOT   paired with another clone

Runs alternate, so that a busy machine disturbs both alike; what counts is the ratio of each pair.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HELP = ("--help", "tag --help", "compare --help")
START_UP_TRIES = 7


@dataclass(frozen=True)
class Checkout:
    """An interpreter and the root of the kit it runs."""

    python: str
    root: Path

    def run(self, *argv: str) -> tuple[float, str]:
        """Run `suffice` with its output piped away; wall-clock seconds and what it printed."""
        env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(self.root)}
        began = time.monotonic()
        done = subprocess.run(
            [self.python, "-m", "launch.cli", *argv],
            cwd=self.root, env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return time.monotonic() - began, done.stdout


def start_up(checkout: Checkout) -> dict[str, float]:
    """Median wall-clock seconds of each light command."""
    return {
        words: statistics.median(checkout.run(*words.split())[0] for _ in range(START_UP_TRIES))
        for words in HELP
    }


def tagging(checkouts: Sequence[Checkout], files: Sequence[str], repeats: int) -> None:
    """Print the seconds each checkout takes to tag the files, run by run, and their ratio."""
    argv = ("tag", "--json", *(str(Path(f).resolve()) for f in files))
    taken: list[list[float]] = []
    for number in range(repeats):
        pair = []
        for checkout in checkouts:
            seconds, out = checkout.run(*argv)
            traces = out.count("\n")
            pair.append(seconds)
            print(f"run {number + 1}, {checkout.root}: {traces} traces in {seconds:.1f} s")
        taken.append(pair)
    if len(checkouts) == 2:
        ratios = [other / ours for ours, other in taken]
        shown = ", ".join(f"{r:.3f}" for r in ratios)
        print(f"throughput, this over other: median {statistics.median(ratios):.3f} ({shown})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--tag", nargs="+", default=[], metavar="FILE")
    parser.add_argument("--other", nargs=2, metavar=("PYTHON", "ROOT"))
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    ours = Checkout(sys.executable, Path(__file__).resolve().parents[2])
    checkouts = [ours]
    if args.other:
        checkouts.append(Checkout(args.other[0], Path(args.other[1]).resolve()))
    for checkout in checkouts:
        for words, seconds in start_up(checkout).items():
            print(f"{checkout.root}: suffice {words}: {seconds:.2f} s")
    if args.tag:
        tagging(checkouts, args.tag, args.repeats)


if __name__ == "__main__":
    main()
