"""``suffice compare --power``: how many problems a comparison's margin needs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import UserError

if TYPE_CHECKING:
    from rl.analysis.benchmarks.power import Variance
    from rl.comparison.config import CompareConfig

STATED = ("accuracy", "correlation", "within_correlation")
SAMPLES = (1, 2, 4, 8)
"""Answers a problem that are listed next to those of the config."""


def add_power(parser: argparse.ArgumentParser) -> None:
    """Add ``--power`` and what goes with it."""
    group = parser.add_argument_group(
        "planning", "how many problems the config's margin needs; nothing is sampled"
    )
    group.add_argument(
        "--power",
        nargs="?",
        const=Path(),
        type=Path,
        metavar="PILOT",
        help="print that number and exit, from the results.json of a pilot comparison (or its "
        "folder), or from --accuracy and --correlation",
    )
    texts = {
        "accuracy": "accuracy of the reference, between 0 and 1",
        "correlation": "correlation of an answer of each policy to the same problem",
        "within_correlation": "correlation of two answers of one policy to the same problem; "
        "needed for more than one answer a problem",
        "expected": "true accuracy difference that is expected, as a share (default: 0)",
    }
    for name, text in texts.items():
        option = f"--{name.replace('_', '-')}"
        group.add_argument(option, type=float, metavar="X", help=text)


def wants_power(args: argparse.Namespace) -> bool:
    """Whether the plan is asked for, not the comparison.

    A ``KEY=VALUE`` word right after ``--power`` goes to the overrides.

    Raises:
        UserError: An option of the plan is given without ``--power``.
    """
    if args.power is not None and "=" in str(args.power) and not args.power.exists():
        args.overrides = [str(args.power), *args.overrides]
        args.power = Path()
    given = [name for name in (*STATED, "expected") if getattr(args, name) is not None]
    if given and args.power is None:
        raise UserError(f"--{given[0].replace('_', '-')} belongs to --power; add it.")
    return args.power is not None


def print_power(config: CompareConfig, args: argparse.Namespace) -> None:
    """Print the number of problems for each pair of policies that claims are about.

    Raises:
        UserError: Neither a pilot nor stated figures are given, or both, or they are not usable.
    """
    expected = args.expected or 0.0
    margin, samples = config.margin, config.samples
    if not -1 < expected < 1:
        raise UserError(f"--expected is {expected:g}; name a share above -1 and below 1.")
    found = _variances(args, expected)
    print(
        f"Margin {margin * 100:g} points (config key margin), expected difference"
        f" {expected * 100:+g} points, one-sided level 2.5 % (the lower end of a 95 % interval)."
    )
    for title, variance in found.items():
        print(f"\n{title}")
        print("\n".join(_lines(variance, margin, samples, config.problems.size, expected)))


def _variances(args: argparse.Namespace, expected: float) -> dict[str, Variance]:
    """What varies, by what is printed above the table."""
    from rl.analysis.benchmarks.power import recorded_variance, stated_variance
    from rl.analysis.schema import load_results

    given = [name for name in STATED if getattr(args, name) is not None]
    stated = f"--{given[0].replace('_', '-')}" if given else ""
    pilot = args.power
    if pilot != Path():
        if stated:
            raise UserError(f"{stated} is stated in the place of a pilot; leave one of both away.")
        results = load_results(pilot)
        pairs = {f"{a}_vs_{b}": (a, b) for a, b in results["claim_pairs"]}
        if not pairs:
            raise UserError(f"{pilot} makes no claim about two policies; compare at least two.")
        return {
            _title(results, a, b): recorded_variance(results["paired"][name], name)
            for name, (a, b) in pairs.items()
        }
    if args.accuracy is None or args.correlation is None:
        raise UserError(
            "--power needs a pilot's folder, e.g. --power runs/pilot, or --accuracy and"
            " --correlation."
        )
    within = args.within_correlation
    of = f", {within:g} of two answers of one" if within is not None else ""
    title = f"Accuracy {args.accuracy:g}, correlation {args.correlation:g} of two policies{of}:"
    return {title: stated_variance(args.accuracy, args.correlation, within, expected)}


def _title(results: Mapping[str, Any], a: str, b: str) -> str:
    count = results["problems"]
    shares = [results["arms"][name]["accuracy"]["mean"] * 100 for name in (a, b)]
    return (
        f"{a} ({shares[0]:.1f} % correct) against {b} ({shares[1]:.1f} %), pilot of"
        f" {count['count']} problems × {count['samples_per_problem']:g} answers:"
    )


def _lines(
    variance: Variance, margin: float, samples: int, problems: int | None, expected: float
) -> list[str]:
    """The parts of the variance, a table by answers a problem, and what the config's size gives."""
    from rl.analysis.benchmarks.power import POWERS, power_of, power_table

    known = variance.within is not None
    counts = sorted({*SAMPLES, samples}) if known else [1]
    parts = f"  variance of the difference: {variance.between:.4f} "
    parts += (
        f"between problems, {variance.within:.4f} of two answers to one problem"
        if known
        else "of one answer each (a pilot with samples=2 or more tells what more answers gain)"
    )
    if variance.between_runs is not None:
        parts += f", {variance.between_runs:.6f} between training runs ({variance.runs} of each)"
    lines = [parts, "  answers a problem" + "".join(f"{p:>15.0%} power" for p in POWERS)]
    for row in power_table(variance, margin, counts, expected):
        cells = [row[f"power_{p:g}"] for p in POWERS]
        shown = "".join(f"{'no number' if n is None else n:>21}" for n in cells)
        lines.append(f"  {row['samples']:>17}{shown}")
    if all(row["power_0.8"] is None for row in power_table(variance, margin, counts, expected)):
        lines.append(
            "  No number of problems suffices: "
            + (
                "the expected loss is the margin or more."
                if margin + expected <= 0
                else "training runs differ by too much; pool more of them."
            )
        )
    elif problems is not None and (known or samples == 1):
        reached = power_of(variance, margin, samples, problems, expected)
        lines.append(
            f"  {problems} problems × {samples} answers, as the config asks: {reached:.0%} power"
        )
    return lines
