"""``suffice overthinker measure``: what each kind of token is worth to a policy, band by band."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from launch.bootstrap import one_thread, stay_offline
from launch.command import Command, add_seed, whole_number
from launch.progress import progress_of_parts


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="+",
        help="the packaged overthinker (overthinker), or folders of models trained from it",
    )
    parser.add_argument(
        "--problems",
        type=whole_number("number of problems", 1),
        default=500,
        metavar="N",
        help="test problems, the bands in equal shares (500)",
    )
    parser.add_argument(
        "--samples",
        type=whole_number("number of samples", 1),
        default=2,
        metavar="N",
        help="completions of each problem (2)",
    )
    parser.add_argument(
        "--bands",
        nargs="+",
        metavar="BAND",
        help="difficulty bands (default: all, those of the second edition included)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    add_seed(parser, 0)


def run(args: argparse.Namespace) -> None:
    """Print a table a model."""
    one_thread()
    stay_offline()
    from rl.overthinker.measure import measured_samples
    from rl.overthinker.values import band_values, values_table
    from rl.problems.overthinker import ALL_BANDS
    from tagger.files import check_new, write_json
    from tagger.frozen import FrozenTagger

    check_new(args.json)
    tagger = FrozenTagger.load()
    found = {}
    with progress_of_parts() as progress:
        for model in args.models:
            samples = measured_samples(
                model,
                tagger,
                args.problems,
                args.samples,
                args.seed,
                args.bands or ALL_BANDS,
                partial(progress, model),
            )
            found[model] = band_values(samples)
    for model, rows in found.items():
        print(f"\n{model}\n\n{values_table(rows)}")
    if args.json:
        write_json(
            args.json, {model: [row.to_dict() for row in rows] for model, rows in found.items()}
        )


COMMAND = Command(
    name="overthinker measure",
    summary="print what verification and careful work are worth to overthinkers, by band",
    example="suffice overthinker measure overthinker --problems 50",
    configure=configure,
    run=run,
)
