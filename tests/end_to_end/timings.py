"""Timings, kept out of the suite: start-up, throughput of `suffice tag`, both beside another clone.

    python -m tests.end_to_end.timings                               start-up of light commands
    python -m tests.end_to_end.timings --tag FILE…                   and steps a second of tagging
    python -m tests.end_to_end.timings --tag FILE… --other PYTHON ROOT   paired with another clone

Runs alternate, so that a busy machine disturbs both alike; what counts is the ratio of each pair,
in seconds by the clock and in seconds of processor time.
"""

from __future__ import annotations

import argparse
import os
import resource
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

    def run(self, *argv: str) -> tuple[float, float, str]:
        """Run `suffice`; seconds by the clock, of processor time, and what it printed."""
        env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(self.root)}
        began, used = time.monotonic(), _processor_seconds()
        done = subprocess.run(
            [self.python, "-m", "launch.cli", *argv],
            cwd=self.root, env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return time.monotonic() - began, _processor_seconds() - used, done.stdout


def _processor_seconds() -> float:
    """Processor time of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def start_up(checkout: Checkout) -> None:
    """Print the median time of each light command."""
    for words in HELP:
        runs = [checkout.run(*words.split())[:2] for _ in range(START_UP_TRIES)]
        clock, processor = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{checkout.root}: suffice {words}: {clock:.2f} s, processor {processor:.2f} s")


def tagging(checkouts: Sequence[Checkout], files: Sequence[str], repeats: int) -> None:
    """Print the time each checkout takes to tag the files, run by run, and the ratios."""
    argv = ("tag", "--json", *(str(Path(f).resolve()) for f in files))
    clocks: list[list[float]] = []
    processors: list[list[float]] = []
    for number in range(repeats):
        runs = [checkout.run(*argv) for checkout in checkouts]
        for checkout, (clock, processor, out) in zip(checkouts, runs, strict=True):
            traces = out.count("\n")
            print(
                f"run {number + 1}, {checkout.root}: {traces} traces in {clock:.1f} s, "
                f"processor {processor:.1f} s",
                flush=True,
            )
        clocks.append([run[0] for run in runs])
        processors.append([run[1] for run in runs])
    if len(checkouts) == 2:
        for name, taken in (("clock", clocks), ("processor", processors)):
            ratios = [other / ours for ours, other in taken]
            shown = ", ".join(f"{r:.3f}" for r in ratios)
            median = statistics.median(ratios)
            print(f"throughput by {name}, this over other: {median:.3f} ({shown})")


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
        start_up(checkout)
    if args.tag:
        tagging(checkouts, args.tag, args.repeats)


if __name__ == "__main__":
    main()
