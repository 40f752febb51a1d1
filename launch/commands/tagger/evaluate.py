"""``suffice tagger evaluate``: evaluate a step tagger on labelled traces."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command, add_output, add_seed, output_folder
from launch.progress import progress_of_parts
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.evaluation import LabelSpace
    from tagger.frozen import FrozenTagger
    from tagger.mapped import MappedTagger
    from tagger.taxonomies.files import TypeMap

RECORD, PAGE = "evaluation.json", "report.html"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "labelled",
        type=Path,
        nargs="+",
        metavar="LABELLED",
        help='labelled traces, JSONL, plain or .gz: {"question": …, "steps": [text, …], '
        '"labels": {"0": "VERIFY", …}}',
    )
    parser.add_argument(
        "--tagger",
        metavar="NAME",
        help="folder, packaged name or Hub repository (owner/name[@revision]) of a tagger "
        "(default: the packaged one)",
    )
    parser.add_argument(
        "--taxonomy",
        metavar="NAME_OR_YAML",
        help="taxonomy of the labels, by name or as a YAML file with its mapping; the tagger's "
        "types are mapped onto it (default: the tagger's own taxonomy)",
    )
    parser.add_argument(
        "--segmenter",
        metavar="NAME",
        help="what cut the steps: a segmenter or a file of one, or span; the tagger's calibration "
        "for such steps is used (default: the tagger's own)",
    )
    parser.add_argument(
        "--resamples",
        type=int,
        default=1000,
        metavar="N",
        help="bootstrap draws over traces behind the intervals (default: 1000)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print every figure as JSON; no folder is written unless --output names one",
    )
    add_seed(parser, 0)
    add_output(parser, "tagger-evaluation")


def run(args: argparse.Namespace) -> None:
    """Read, tag, score; print the tables or the JSON; write figures and page."""
    from launch.commands.tagger.evidence import tagger_provenance
    from tagger.calibrations import calibration_for
    from tagger.evaluation import evaluate
    from tagger.evaluation.label_files import read_labelled_files
    from tagger.files import write_new_folder
    from tagger.frozen import FrozenTagger
    from tagger.segmentation.given import get_unit
    from tagger.taxonomies.files import load_type_map
    from tagger.units import calibration_note, for_segmenter

    if args.resamples < 1:
        raise UserError("--resamples must be at least 1.")
    writes = args.output is not None or not args.json
    output = output_folder(args.output, "tagger-evaluation") if writes else None
    type_map = load_type_map(args.taxonomy) if args.taxonomy else None
    own = FrozenTagger.load(args.tagger)
    if args.segmenter:
        own = for_segmenter(own, get_unit(args.segmenter))
    tagger, space = _compared(own, type_map)
    taxonomy = own.taxonomy if type_map is None else type_map.taxonomy
    files = read_labelled_files(args.labelled, taxonomy)
    traces = [trace for file in files for trace in file.traces]
    with progress_of_parts() as progress:
        evaluation = evaluate(
            tagger,
            traces,
            space,
            resamples=args.resamples,
            seed=args.seed,
            progress=lambda done, total: progress("traces", done, total),
        )
    known = {f for key in ("data", "calibrated_on") for f in own.about.get(key, ())}
    if found := calibration_for(own.extras.calibrations, own.segmenter, taxonomy.name):
        known |= {row["file"] for row in found.about.get("labelled", ())}
    trained_on = [file.name for file in files if file.name in known]
    record = evaluation.as_dict()
    record["provenance"] = tagger_provenance(
        tagger=str(args.tagger or "packaged"),
        tagger_fingerprint=tagger.fingerprint,
        labelled=[file.as_dict() for file in files],
        trained_on=trained_on,
    )
    if args.json:
        print(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        _show(record)
    if note := calibration_note(tagger):
        print(f"suffice: {note}", file=sys.stderr)
    if trained_on:
        print(
            f"suffice: the tagger was trained on a file named {', '.join(trained_on)}, or "
            "calibrated by it; figures on such data say little.",
            file=sys.stderr,
        )
    if output is not None:
        from tagger.evaluation.report.page import evaluation_page

        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        write_new_folder(output, {RECORD: text, PAGE: evaluation_page(record)})
        if not args.json:
            print(f"\nReport:  {output / PAGE}\nNumbers: {output / RECORD}")


def _compared(
    tagger: FrozenTagger, type_map: TypeMap | None
) -> tuple[FrozenTagger | MappedTagger, LabelSpace]:
    """The tagger, mapped where it has a calibration for the labels' types, and what is compared."""
    from tagger.calibrations import calibration_for
    from tagger.evaluation import same_space, space_between
    from tagger.mapped import MappedTagger

    if type_map is None:
        return tagger, same_space(tagger.taxonomy)
    space, names = space_between(tagger.taxonomy, type_map), type_map.taxonomy.names
    calibrations, name = tagger.extras.calibrations, type_map.taxonomy.name
    found = calibration_for(calibrations, tagger.segmenter, name)
    if found is None or names == tagger.taxonomy.names:
        return tagger, space
    same = dict(zip(names, names, strict=True))
    return MappedTagger(tagger, type_map, found), replace(space, predicted=same)


def _show(record: dict[str, object]) -> None:
    from rich.console import Console

    from tagger.evaluation.report.terminal import evaluation_view

    Console(file=sys.stdout).print(evaluation_view(record))


COMMAND = Command(
    name="tagger evaluate",
    summary="measure a step tagger on labelled traces, with intervals over traces",
    example="suffice tagger evaluate dev.jsonl.gz --output runs/tagger-dev",
    configure=configure,
    run=run,
)
