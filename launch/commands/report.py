"""``suffice report``: the table and the HTML page of a finished comparison."""

from __future__ import annotations

import argparse
from pathlib import Path

from launch.command import Command
from rl import run_files


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "results",
        type=Path,
        metavar="RUN",
        help="folder of a comparison, an evaluation or a quick start, or a results.json",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="NEWFILE",
        help="HTML file to write (default: report.html next to the results)",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="render report.html anew where there is one; the results stay as they are",
    )


def run(args: argparse.Namespace) -> None:
    """Print the table; write the page where there is none yet."""
    from rl.analysis.schema import load_results
    from rl.report.write import print_report, write_report

    folder = args.results / "compare" if (args.results / "compare").is_dir() else args.results
    results = load_results(folder)
    there = (folder if folder.is_dir() else folder.parent) / run_files.REPORT
    if args.output is None and not args.replace and there.exists():
        written = f"Report: {there} (there already; --replace renders it anew)"
    else:
        written = f"Report: {write_report(folder, args.output, replace=args.replace)}"
    print_report(results)
    print(f"\n{written}")


COMMAND = Command(
    name="report",
    summary="print the table of a comparison and render its page",
    example="suffice report runs/quickstart --output table.html",
    configure=configure,
    run=run,
)
