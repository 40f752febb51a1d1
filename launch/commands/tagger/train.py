"""``suffice tagger train``: train a step tagger on labelled traces."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.resuming import resumable
from launch.settings import settings_of
from launch.trainers import TRAINERS, get_trainer
from launch.trainers.base import Trainer, TrainingJob, TrainingSettings
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.training.trained import TrainedTagger


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--labels",
        type=Path,
        nargs="+",
        metavar="FILE",
        help='labelled traces, JSONL, plain or .gz: {"question": …, "steps": [text, …], '
        '"labels": {"0": "VERIFY", …}} (default: traces written by the overthinker\'s generator)',
    )
    parser.add_argument(
        "--train-only",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="more such files of which nothing is held out, synthetic traces for example: scores "
        "and calibration come from --labels alone",
    )
    parser.add_argument(  # its former name
        "--beside",
        dest="train_only",
        type=Path,
        nargs="+",
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--backend",
        default="linear",
        metavar="NAME",
        help="; ".join(f"{t.name}: {t.description}" for t in TRAINERS.values())
        + " (default: linear)",
    )
    parser.add_argument(
        "--extra",
        nargs="+",
        default=[],
        metavar="FILE:TAXONOMY",
        help="labelled traces in other taxonomies, for auxiliary heads that are dropped at export",
    )
    parser.add_argument(
        "--teacher",
        nargs="+",
        default=[],
        metavar="TAGGER",
        help="taggers to distil (folders, packaged names, Hub repositories): their mean "
        "probabilities are the targets of --traces and, below label_weight=1, part of those of the "
        "labelled traces",
    )
    parser.add_argument(
        "--traces",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="unlabelled traces for the teachers to tag, as suffice tag reads them: a row has "
        '"thinking", "completion", "text" or "steps"',
    )
    parser.add_argument(
        "--init",
        metavar="TAGGER",
        help="student: a trained student whose weights to begin with (a folder, a packaged name or "
        "a Hub repository); its held-out questions are the same at the same seed and --labels",
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FOLDER",
        help="where a long training writes checkpoints (linear, student: teacher probabilities); "
        "the same command resumes from them (default: none are written)",
    )
    keys = "; ".join(f"{t.name}: {t.keys}" for t in TRAINERS.values())
    add_config(parser, None, f"(by back end) {keys}")
    add_seed(parser)
    add_output(parser, "tagger")


def run(args: argparse.Namespace) -> None:
    """Train, save and print the scores."""
    from rich.console import Console

    from launch.tagging.known_words import with_words, words_of_training
    from tagger.evaluation.label_files import doubt_of_steps
    from tagger.segmentation import get_segmenter
    from tagger.traces.labelled import read_labelled

    trainer = get_trainer(args.backend)
    files: list[Path] = args.labels or []
    extra: list[str] = args.extra
    traces: list[Path] = args.traces
    settings = settings_of(trainer.settings, args.config, args.overrides, seed=args.seed)
    output = output_folder(args.output, "tagger")
    segmenter = get_segmenter(settings.segmenter)
    if args.train_only and not files:
        raise UserError("--train-only adds to labelled traces; name these with --labels.")
    if files and settings.generated != type(settings).generated:
        raise UserError(
            f"generated={settings.generated} is for a training without labelled traces; leave it "
            "or --labels out."
        )
    job = TrainingJob(
        files, extra, args.checkpoint, args.teacher, traces, args.train_only, args.init
    )
    trainer.check(job)
    console = Console(stderr=True)
    with _labels(files, settings) as labels, console.status("Reading.") as status:
        say = status.update if console.is_terminal else partial(console.print, highlight=False)
        job = replace(job, labels=labels, say=lambda line: say(line))
        labelled = [*labels, *args.train_only]
        words = words_of_training(labelled, traces)
        if doubt := doubt_of_steps(segmenter, (t for f in labelled for t in read_labelled(f))):
            print(f"suffice: {doubt}", file=sys.stderr)
        with _resumable(args.checkpoint):
            trained = trainer.train(job, settings)
    sources = [str(path) for path in files] or ["the overthinker's generator"]
    sources += [
        *map(str, args.train_only),
        *extra,
        *(f"{path} as {' and '.join(args.teacher)} tag it" for path in traces),
        *([f"begun with {args.init}"] if args.init else []),
    ]
    made = with_words(trained.tagger, words, args.init)
    folder_of_tagger = made.save(output, _card(trained, sources, trainer, settings))
    _show(trained)
    print(f"Saved {folder_of_tagger}, fingerprint {trained.tagger.fingerprint[:12]}.")


def _resumable(checkpoint: Path | None) -> AbstractContextManager[None]:
    """The same command resumes, where it names a folder of checkpoints."""
    return nullcontext() if checkpoint is None else resumable(checkpoint, *sys.argv[1:])


@contextmanager
def _labels(named: Sequence[Path] | None, settings: TrainingSettings) -> Iterator[Sequence[Path]]:
    """The labelled files named, or one the overthinker's generator writes."""
    if named:
        yield named
        return
    from rl.overthinker.build import labelled_rows
    from tagger.files import write_rows

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"overthinker-{settings.generated}-seed-{settings.seed}.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            write_rows(lines, labelled_rows(settings.generated, settings.seed))
        yield [file]


def _show(trained: TrainedTagger) -> None:
    from rich.console import Console
    from rich.table import Table

    scores = trained.scores
    table = Table(title=f"{trained.held_out} held-out traces, {scores.steps} steps")
    table.add_column("type")
    for name in ("precision", "recall", "F1", "steps"):
        table.add_column(name, justify="right")
    for name, s in scores.per_type.items():
        table.add_row(name, *(f"{x:.3f}" for x in (s.precision, s.recall, s.f1)), str(s.support))
    table.caption = f"micro-F1 {scores.micro_f1:.3f}, macro-F1 {scores.macro_f1:.3f}"
    Console().print(table)


def _card(
    trained: TrainedTagger, sources: Sequence[str], trainer: Trainer, settings: TrainingSettings
) -> str:
    scores = trained.scores
    keys = ", ".join(f"`{k}={v}`" for k, v in asdict(settings).items())
    rows = [
        f"| {name} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} | {s.support} |"
        for name, s in scores.per_type.items()
    ]
    return "\n".join(
        [
            "# Step tagger",
            "",
            f"A tagger of reasoning steps: {trainer.description}. Made by "
            f"`suffice tagger train --backend {trainer.name}`.",
            "",
            f"* Taxonomy: `{trained.tagger.taxonomy.name}`; segmenter: `{settings.segmenter}`",
            f"* Fingerprint: `{trained.tagger.fingerprint}`",
            f"* Trained on: {', '.join(sources)} ({trained.traces} traces, {trained.steps} steps)",
            f"* Settings: {keys}",
            "",
            f"Scores on {trained.held_out} held-out traces, of training without them: "
            f"micro-F1 {scores.micro_f1:.3f}, macro-F1 {scores.macro_f1:.3f}.",
            "",
            "| type | precision | recall | F1 | steps |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


COMMAND = Command(
    name="tagger train",
    summary="train the step tagger on labelled traces",
    example="suffice tagger train --seed 1 --output my-tagger generated=500",
    configure=configure,
    run=run,
)
