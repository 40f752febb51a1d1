"""``suffice tagger transfer``: trained on one source, tested on each other."""

from __future__ import annotations

import argparse
import json
import sys

from launch.command import Command, add_output, add_seed, output_folder
from launch.commands.tagger.fitting import add_fit, fit_by_name
from launch.progress import progress_of_parts
from tagger.errors import UserError

RECORD, PAGE = "transfer.json", "report.html"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "labelled",
        nargs="+",
        metavar="FILE[:TAXONOMY]",
        help="labelled traces, JSONL, plain or .gz; where their labels are of another taxonomy "
        "than ReasonType, its name or YAML file stands after a colon",
    )
    parser.add_argument(
        "--by",
        default="source",
        metavar="FIELD",
        help="what makes a group: source, dataset or model (fields of the rows), or file "
        "(default: source)",
    )
    parser.add_argument(
        "--min-labels",
        type=int,
        default=300,
        metavar="N",
        help="groups with fewer labelled steps are left out (default: 300)",
    )
    parser.add_argument(  # its former name
        "--least",
        dest="min_labels",
        type=int,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--folds",
        type=int,
        default=2,
        metavar="N",
        help="parts the questions are dealt to; each is tested by taggers that did not see it "
        "(default: 2)",
    )
    parser.add_argument(
        "--others",
        action="store_true",
        help="also train on all other groups together, without the tested group's questions",
    )
    add_fit(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="print every figure as JSON; no folder is written unless --output names one",
    )
    add_seed(parser, 0)
    add_output(parser, "tagger-transfer")


def run(args: argparse.Namespace) -> None:
    """Read, group, train, test; print the matrices or the JSON; write figures and page."""
    from launch.commands.tagger.evidence import tagger_provenance
    from tagger.evaluation.bootstrap import RESAMPLES
    from tagger.evaluation.label_files import read_with_taxonomies
    from tagger.evaluation.transfer import BY, group_traces, transfer
    from tagger.files import write_new_folder

    if args.by not in BY:
        from tagger.errors import unknown_name

        raise unknown_name("grouping", args.by, BY)
    if args.folds < 2 or args.min_labels < 1:
        raise UserError("--folds must be at least 2 and --min-labels at least 1.")
    fit = fit_by_name(args.backend, args.config)
    writes = args.output is not None or not args.json
    output = output_folder(args.output, "tagger-transfer") if writes else None
    files = read_with_taxonomies(args.labelled)
    groups, small = group_traces(files, args.by, args.min_labels)
    with progress_of_parts() as progress:
        cells = transfer(
            groups,
            fit,
            folds=args.folds,
            others=args.others,
            seed=args.seed,
            progress=lambda done, total: progress("trainings", done, total),
        )
    record = {
        "format": 1,
        "by": args.by,
        "backend": args.backend,
        "folds": args.folds,
        "cells": [cell.as_dict() for cell in cells],
        "left_out": small,
        "bootstrap": {"over": "traces", "resamples": RESAMPLES, "seed": args.seed},
        "provenance": tagger_provenance(labelled=[file.as_dict() for file, _ in files]),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    if args.json:
        print(text)
    else:
        from rich.console import Console

        from tagger.evaluation.report.tables import transfer_view

        Console(file=sys.stdout).print(transfer_view(record))
        if small:
            left = ", ".join(f"{name} ({steps} steps)" for name, steps in small.items())
            print(f"\nLeft out as too small: {left}.")
    if output is not None:
        from tagger.evaluation.report.tables import transfer_page

        write_new_folder(output, {RECORD: text + "\n", PAGE: transfer_page(record)})
        if not args.json:
            print(f"\nReport:  {output / PAGE}\nNumbers: {output / RECORD}")


COMMAND = Command(
    name="tagger transfer",
    summary="train on one source of labels and test on each other",
    example="suffice tagger transfer labels.jsonl.gz --by source --others",
    configure=configure,
    run=run,
)
