"""``suffice tagger learning-curve``: metrics against the number of labels."""

from __future__ import annotations

import argparse
import json
import sys

from launch.command import Command, add_output, add_seed, output_folder
from launch.commands.tagger.fitting import add_fit, fit_by_name
from launch.progress import progress_of_parts
from tagger.errors import UserError

RECORD, PICTURE, PAGE = "curve.json", "curve.svg", "report.html"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "labelled",
        nargs="+",
        metavar="FILE[:TAXONOMY]",
        help="labelled traces to sample from; all of one taxonomy",
    )
    parser.add_argument(
        "--test",
        required=True,
        metavar="FILE[:TAXONOMY]",
        help="labelled traces to test on; their questions are taken out of the samples",
    )
    parser.add_argument(
        "--sizes",
        default="1000,2000,4000,8000,all",
        metavar="N,N,…",
        help="labelled steps of the samples, or all (default: 1000,2000,4000,8000,all)",
    )
    parser.add_argument(
        "--seeds", type=int, default=3, metavar="N", help="samples of each size (default: 3)"
    )
    add_fit(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="print every figure as JSON; no folder is written unless --output names one",
    )
    add_seed(parser, 0)
    add_output(parser, "tagger-curve")


def run(args: argparse.Namespace) -> None:
    """Read, sample, train, test; print the table or the JSON; write figures and page."""
    from launch.commands.tagger.evidence import tagger_provenance
    from tagger.evaluation.bootstrap import RESAMPLES
    from tagger.evaluation.label_files import labelled_steps, read_with_taxonomies
    from tagger.evaluation.learning_curve import learning_curve, without_questions_of
    from tagger.files import write_new_folder

    if args.seeds < 1:
        raise UserError("--seeds must be at least 1.")
    _check_sizes(args.sizes)
    fit = fit_by_name(args.backend, args.config)
    writes = args.output is not None or not args.json
    output = output_folder(args.output, "tagger-curve") if writes else None
    (*files, (test, test_map)) = read_with_taxonomies([*args.labelled, args.test])
    if len({file.taxonomy for file, _ in files}) > 1:
        raise UserError("The training files are of several taxonomies; name files of one.")
    train = [trace for file, _ in files for trace in file.traces]
    most = labelled_steps(without_questions_of(train, test.traces))
    sizes = [most if word == "all" else int(word) for word in args.sizes.split(",")]
    with progress_of_parts() as progress:
        points = learning_curve(
            train,
            test.traces,
            sizes,
            fit,
            files[0][1],
            test_map,
            seeds=args.seeds,
            seed=args.seed,
            progress=lambda done, total: progress("trainings", done, total),
        )
    record = {
        "format": 1,
        "backend": args.backend,
        "points": [point.as_dict() for point in points],
        "bootstrap": {"over": "test traces", "resamples": RESAMPLES, "seed": args.seed},
        "provenance": tagger_provenance(
            labelled=[file.as_dict() for file, _ in files], test=test.as_dict()
        ),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    if args.json:
        print(text)
    else:
        from rich.console import Console

        from tagger.evaluation.report.tables import curve_view

        Console(file=sys.stdout).print(curve_view(record))
    if output is not None:
        from tagger.evaluation.report.tables import curve_page, curve_plot

        pages = {PICTURE: curve_plot(record), PAGE: curve_page(record)}
        write_new_folder(output, {RECORD: text + "\n", **pages})
        if not args.json:
            print(f"\nReport:  {output / PAGE}\nNumbers: {output / RECORD}")


def _check_sizes(words: str) -> None:
    for word in words.split(","):
        if word != "all" and not (word.isdecimal() and int(word) > 0):
            raise UserError(
                f"--sizes: {word!r} is no number of steps; write numbers or 'all' with commas "
                "between, e.g. 1000,4000,all."
            )


COMMAND = Command(
    name="tagger learning-curve",
    summary="train on samples of several sizes and test on other traces",
    example="suffice tagger learning-curve train.jsonl.gz --test dev.jsonl.gz --sizes 1000,all",
    configure=configure,
    run=run,
)
