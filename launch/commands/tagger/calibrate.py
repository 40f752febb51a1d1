"""``suffice tagger calibrate``: a tagger for steps cut otherwise, or types of another taxonomy."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command, add_output, output_folder
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.extras import Extras
    from tagger.frozen import FrozenTagger
    from tagger.training.unit_calibration import CalibrationReport


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "labelled",
        type=Path,
        nargs="*",
        metavar="LABELLED",
        help="labelled traces that the tagger was not trained on, their steps cut by --segmenter: "
        '{"question": …, "steps": [text, …], "labels": {"0": "VERIFY", …}}',
    )
    parser.add_argument(
        "--segmenter",
        metavar="NAME",
        help="what cut the steps: a segmenter or a file of one, or span (default: the tagger's)",
    )
    parser.add_argument(
        "--taxonomy",
        metavar="NAME_OR_YAML",
        help="taxonomy of the labels (default: reasontype)",
    )
    parser.add_argument(
        "--known-words",
        type=Path,
        nargs="+",
        metavar="TRACES",
        help="traces the tagger was trained on, labelled or not, as suffice tag reads: their words "
        "are what it knows, and steps in other words are reported as unfamiliar",
    )
    parser.add_argument(
        "--tagger",
        metavar="NAME",
        help="folder, packaged name or Hub repository (owner/name[@revision]) of a tagger "
        "(default: the packaged one)",
    )
    add_output(parser, "tagger")


def run(args: argparse.Namespace) -> None:
    """Calibrate, show what it is worth, and save the tagger with it in a new folder."""
    from tagger.frozen import FrozenTagger, tagger_folder
    from tagger.storage import CARD_FILE
    from tagger.variants import with_parts

    if not args.labelled and not args.known_words:
        raise UserError("Name labelled traces, or --known-words; see suffice tagger calibrate -h.")
    if not args.labelled and (args.segmenter or args.taxonomy):
        raise UserError("--segmenter and --taxonomy are of labelled traces; name some.")
    output = output_folder(args.output, "tagger")
    folder = tagger_folder(args.tagger)
    tagger = FrozenTagger.load(folder)
    extras = tagger.extras
    if args.labelled:
        extras = _with_calibration(tagger, extras, args)
    if args.known_words:
        extras = _with_words(extras, args.known_words)
    card = folder / CARD_FILE
    made = with_parts(tagger, extras=extras)
    made.save(output, card.read_text(encoding="utf-8") if card.is_file() else "")
    print(f"Saved {output}, fingerprint {made.fingerprint[:12]}.")


def _with_calibration(tagger: FrozenTagger, extras: Extras, args: argparse.Namespace) -> Extras:
    """The extras with the calibration by some labels, in place of the one there was."""
    from launch.progress import progress_of_parts
    from tagger.evaluation.label_files import read_labelled_files
    from tagger.segmentation.given import get_unit
    from tagger.taxonomies.files import load_type_map
    from tagger.taxonomies.taxonomy import REASONTYPE
    from tagger.training.unit_calibration import calibrate_unit

    segmenter = get_unit(args.segmenter) if args.segmenter else tagger.segmenter
    type_map = load_type_map(args.taxonomy or REASONTYPE.name)
    files = read_labelled_files(args.labelled, type_map.taxonomy)
    traces = [trace for file in files for trace in file.traces]
    with progress_of_parts() as progress:
        found, report = calibrate_unit(
            tagger, segmenter, traces, type_map,
            lambda done, total: progress("traces", done, total),
        )  # fmt: skip
    _show(report, f"{type_map.taxonomy.name}, segmenter {segmenter.name}")
    about = {"labelled": [file.as_dict() for file in files], **report.as_dict()}
    others = [c for c in extras.calibrations if not c.fits(segmenter, type_map.taxonomy.name)]
    return replace(extras, calibrations=(*others, replace(found, about=about)))


def _with_words(extras: Extras, paths: list[Path]) -> Extras:
    from tagger.novelty import LEAST_COUNT, KnownWords
    from tagger.traces.files import find_inputs, read_files

    names = find_inputs([str(path) for path in paths])
    words = KnownWords.of_texts(
        text for trace in read_files(names) for text in (trace.question, trace.thinking)
    )
    if not len(words):
        raise UserError(
            f"{', '.join(map(str, paths))}: no word occurs {LEAST_COUNT} times, so every step "
            "would be unfamiliar; give all traces that the tagger was trained on."
        )
    print(f"{len(words):,} known words.")
    return replace(extras, known_words=words)


def _show(report: CalibrationReport, title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{title}: {report.steps} labelled steps, before and after")
    table.add_column("type")
    for name in ("labelled", "predicted", "", "precision", "", "F1", ""):
        table.add_column(name, justify="right")
    for kind in report.types:
        ratios = (kind.precision_before, kind.precision_after, kind.f1_before, kind.f1_after)
        counts = (kind.labelled, kind.before, kind.after)
        table.add_row(kind.tag, *map(str, counts), *(f"{ratio:.2f}" for ratio in ratios))
    table.caption = (
        f"accuracy {report.accuracy[0]:.3f} and {report.accuracy[1]:.3f}, "
        f"log loss {report.log_loss[0]:.3f} and {report.log_loss[1]:.3f}; each half of the "
        "questions calibrated by the other"
    )
    if report.left_out:
        table.caption += f"; {report.left_out} labels of types that are never predicted left out"
    Console().print(table)


COMMAND = Command(
    name="tagger calibrate",
    summary="calibrate a tagger for steps of another segmentation or types of another taxonomy",
    example="suffice tagger calibrate sentences.jsonl --taxonomy schoenfeld --segmenter sentence "
    "--output my-tagger",
    configure=configure,
    run=run,
)
