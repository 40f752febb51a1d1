"""``suffice tagger calibrate``: a tagger by labels, of its own steps and types or of others."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launch.command import Command, add_output, output_folder
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.evaluation.label_files import LabelledFile
    from tagger.extras import Extras
    from tagger.frozen import FrozenTagger
    from tagger.training.by_labels.report import CalibrationReport


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
        help="taxonomy of the labels (default: the tagger's, with --segmenter reasontype)",
    )
    parser.add_argument(
        "--types",
        nargs="+",
        metavar="TAG",
        help="on the tagger's own steps and types: set the logit biases of these types alone, by "
        "their counts, each file's alike, and keep its temperature and the other biases (default: "
        "all)",
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
    if not args.labelled and (args.segmenter or args.taxonomy or args.types):
        raise UserError("--segmenter, --taxonomy and --types are of labelled traces; name some.")
    output = output_folder(args.output, "tagger")
    folder = tagger_folder(args.tagger)
    path = folder / CARD_FILE
    card = path.read_text(encoding="utf-8") if path.is_file() else ""
    tagger = FrozenTagger.load(folder)
    if args.labelled:
        tagger, said = _calibrated(tagger, args)
        card = (card or "# Step tagger\n") + said if said else card
    if args.known_words:
        tagger = with_parts(tagger, extras=_with_words(tagger.extras, args.known_words))
    tagger.save(output, card)
    print(f"Saved {output}, fingerprint {tagger.fingerprint[:12]}.")


def _calibrated(tagger: FrozenTagger, args: argparse.Namespace) -> tuple[FrozenTagger, str]:
    """The tagger calibrated by some labels, and what its card is to say of it."""
    from launch.progress import progress_of_parts
    from tagger.evaluation.label_files import doubt_of_steps, read_labelled_files
    from tagger.segmentation.given import SPAN, get_unit
    from tagger.taxonomies.files import TypeMap, load_type_map
    from tagger.taxonomies.taxonomy import REASONTYPE
    from tagger.training.by_labels.fit import refuse_single_type
    from tagger.training.by_labels.own import calibrate_own, is_own
    from tagger.training.by_labels.units import calibrate_unit
    from tagger.variants import with_parts

    segmenter = get_unit(args.segmenter) if args.segmenter else tagger.segmenter
    if args.taxonomy:
        type_map = load_type_map(args.taxonomy)
    elif args.segmenter:
        type_map = load_type_map(REASONTYPE.name)
    else:
        type_map = TypeMap(tagger.taxonomy, {}, {})
    taxonomy = type_map.taxonomy
    own = is_own(tagger, segmenter, taxonomy)
    if args.types and not own:
        raise UserError(
            "--types is of the tagger's own steps and types; leave it out with another --segmenter "
            "or --taxonomy."
        )
    types = [taxonomy.get(name).tag for name in args.types] if args.types else None
    files = read_labelled_files(args.labelled, taxonomy)
    traces = [trace for file in files for trace in file.traces]
    samples = [number for number, file in enumerate(files) for _ in file.traces]
    refuse_single_type(traces)
    if args.segmenter and args.segmenter != SPAN and (doubt := doubt_of_steps(segmenter, traces)):
        print(f"suffice: {doubt}", file=sys.stderr)
    with progress_of_parts() as progress:

        def show(done: int, total: int) -> None:
            progress("traces", done, total)

        if own:
            temperature, logit_bias, report = calibrate_own(tagger, traces, types, show, samples)
        else:
            found, report = calibrate_unit(tagger, segmenter, traces, type_map, show)
    _show(report, f"{taxonomy.name}, segmenter {segmenter.name}")
    about = {"labelled": [file.as_dict() for file in files], **report.as_dict()}
    if own:
        return _own(tagger, temperature, logit_bias, files, about)
    others = [c for c in tagger.extras.calibrations if not c.fits(segmenter, taxonomy.name)]
    calibrations = (*others, replace(found, about=about))
    return with_parts(tagger, extras=replace(tagger.extras, calibrations=calibrations)), ""


def _own(
    tagger: FrozenTagger,
    temperature: float,
    logit_bias: dict[str, float],
    files: Sequence[LabelledFile],
    about: dict[str, Any],
) -> tuple[FrozenTagger, str]:
    """The tagger with another temperature and other biases, and what its card is to say of it."""
    from tagger.variants import with_parts

    if (temperature, logit_bias) == (tagger.temperature, tagger.logit_bias):
        return tagger, ""
    before = tagger.about
    before.pop("held_out_scores", None)  # of the biases that training set
    calibrated_on = dict.fromkeys([*before.get("calibrated_on", ()), *(f.name for f in files)])
    made = with_parts(
        tagger,
        temperature=temperature,
        logit_bias=logit_bias,
        about=before
        | {
            "calibrated_on": list(calibrated_on),
            "calibrated_by": [*before.get("calibrated_by", ()), about],
        },
    )
    # Those for other steps and types correct the scores, which are the same.
    calibrations = [replace(c, tagger=made.fingerprint) for c in tagger.extras.calibrations]
    made = with_parts(made, extras=replace(tagger.extras, calibrations=tuple(calibrations)))
    biases = ", ".join(f"{tag} {bias:+.2f}" for tag, bias in logit_bias.items()) or "none"
    return made, (
        f"\n## Calibrated again\n\n`suffice tagger calibrate` on {about['steps']} labelled steps "
        f"({', '.join(file.name for file in files)}); figures above are of the tagger before, "
        f"`{tagger.fingerprint}`.\n\n* Temperature {temperature:g}; logit biases {biases}\n"
        f"* Fingerprint `{made.fingerprint}`\n"
    )


def _with_words(extras: Extras, paths: list[Path]) -> Extras:
    from launch.tagging.known_words import FEWEST_WORDS, words_of_files
    from tagger.novelty import LEAST_COUNT

    words = words_of_files(paths)
    if not len(words):
        raise UserError(
            f"{', '.join(map(str, paths))}: no word occurs {LEAST_COUNT} times, so every step "
            "would be unfamiliar; give all traces that the tagger was trained on."
        )
    print(f"{len(words):,} known words.")
    if len(words) < FEWEST_WORDS:
        print(
            f"suffice: fewer than {FEWEST_WORDS} words are known, so most steps will be called "
            "unfamiliar; give all traces that the tagger was trained on.",
            file=sys.stderr,
        )
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
        f"log loss {report.log_loss[0]:.3f} and {report.log_loss[1]:.3f}, "
        f"ECE {report.ece[0]:.3f} and {report.ece[1]:.3f}; each half of the questions calibrated "
        "by the other"
    )
    if report.left_out:
        table.caption += f"; {report.left_out} labels of types that are never predicted left out"
    Console().print(table)


COMMAND = Command(
    name="tagger calibrate",
    summary="calibrate a tagger by labels, of its own steps and types or of others",
    example="suffice tagger calibrate sentences.jsonl --taxonomy schoenfeld --segmenter sentence "
    "--output my-tagger",
    configure=configure,
    run=run,
)
