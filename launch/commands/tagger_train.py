"""``suffice tagger train``: train the linear step tagger on labelled traces."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from launch.command import Command, add_config, add_output, add_seed, output_folder
from launch.settings import settings_of

if TYPE_CHECKING:
    from tagger.training import TrainedTagger


@dataclass(frozen=True)
class TaggerTrainSettings:
    """Settings of a tagger training.

    Attributes:
        segmenter: Name of the segmenter that cut the labelled steps.
        generated: Traces the overthinker's writer makes where no labelled file is named.
        strength: Inverse of the L2 penalty.
        held_out: Share of questions held out for scores and temperature.
        max_iterations: Of the optimiser.
        seed: Chooses the held-out questions and the generated traces.
    """

    segmenter: str = "paragraph"
    generated: int = 4000
    strength: float = 3.0
    held_out: float = 0.15
    max_iterations: int = 100
    seed: int = 0


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
    add_config(parser, None, "segmenter, generated, strength, held_out, max_iterations")
    add_seed(parser)
    add_output(parser, "tagger")


def run(args: argparse.Namespace) -> None:
    """Train, save and say how well it does."""
    from tagger.segmentation import get_segmenter

    settings = settings_of(TaggerTrainSettings, args.config, args.overrides, seed=args.seed)
    output = output_folder(args.output, "tagger")
    get_segmenter(settings.segmenter)
    if args.labels:
        trained = _train(args.labels, settings)
    else:
        from rl.overthinker.build import labelled_rows

        with tempfile.TemporaryDirectory() as folder:
            name = f"overthinker-{settings.generated}-seed-{settings.seed}.jsonl"
            file = Path(folder) / name
            with file.open("w", encoding="utf-8") as lines:
                for row in labelled_rows(settings.generated, settings.seed):
                    lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            trained = _train([file], settings)
    sources = [str(path) for path in args.labels or ["the overthinker's generator"]]
    folder_of_tagger = trained.tagger.save(output, _card(trained, sources, settings))
    _show(trained)
    print(f"Saved {folder_of_tagger}, fingerprint {trained.tagger.fingerprint[:12]}.")


def _train(paths: Sequence[Path], settings: TaggerTrainSettings) -> TrainedTagger:
    from rich.console import Console

    from tagger.segmentation import get_segmenter
    from tagger.training import train_linear

    console = Console(stderr=True)
    with console.status("Reading labelled traces.") as status:
        return train_linear(
            paths,
            get_segmenter(settings.segmenter),
            settings.seed,
            strength=settings.strength,
            held_out=settings.held_out,
            max_iterations=settings.max_iterations,
            say=lambda line: status.update(line),
        )


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


def _card(trained: TrainedTagger, sources: Sequence[str], settings: TaggerTrainSettings) -> str:
    scores = trained.scores
    rows = [
        f"| {name} | {s.precision:.3f} | {s.recall:.3f} | {s.f1:.3f} | {s.support} |"
        for name, s in scores.per_type.items()
    ]
    return "\n".join(
        [
            "# Step tagger",
            "",
            "A sparse linear classifier of reasoning steps, made by `suffice tagger train`.",
            "",
            f"* Taxonomy: `{trained.tagger.taxonomy.name}`; segmenter: `{settings.segmenter}`",
            f"* Fingerprint: `{trained.tagger.fingerprint}`",
            f"* Trained on: {', '.join(sources)} ({trained.traces} traces, {trained.steps} steps)",
            f"* Seed {settings.seed}, strength {settings.strength:g}",
            "",
            f"Scores of a twin trained without the {trained.held_out} held-out traces, on those "
            f"traces: micro-F1 {scores.micro_f1:.3f}, macro-F1 {scores.macro_f1:.3f}.",
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
