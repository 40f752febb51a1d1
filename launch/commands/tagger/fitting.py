"""Back ends as functions from labelled traces to a tagger, for commands that train many."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launch.settings import settings_of
from launch.trainers import TRAINERS, get_trainer
from launch.trainers.base import TrainingJob
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.evaluation.transfer import Fit
    from tagger.steps import StepTagger
    from tagger.taxonomies.taxonomy import Taxonomy
    from tagger.traces.labelled import LabelledTrace


def add_fit(parser: argparse.ArgumentParser) -> None:
    """Add ``--backend NAME`` and ``--config FILE``: what is trained."""
    parser.add_argument(
        "--backend",
        default="linear",
        metavar="NAME",
        help=f"what is trained: {', '.join(TRAINERS)} (default: linear)",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="YAML file with settings of the back end"
    )


def fit_by_name(backend: str, config: Path | None = None) -> Fit:
    """A back end of ``suffice tagger train`` as a function.

    Args:
        backend: Its name.
        config: YAML file with its settings, None for the defaults.

    Returns:
        Trains on traces with labels of any taxonomy.

    Raises:
        UserError: An unknown back end or setting.
    """
    trainer = get_trainer(backend)
    settings_of(trainer.settings, config)

    def fit(traces: Sequence[LabelledTrace], taxonomy: Taxonomy, seed: int) -> StepTagger:
        settings = settings_of(trainer.settings, config, seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "sample.jsonl"
            _write(file, traces)
            try:
                return trainer.train(TrainingJob([file], taxonomy=taxonomy), settings).tagger
            except UserError as error:  # the user never saw the sample's file
                raise UserError(str(error).replace(str(file), "the sample")) from error

    return fit


def _write(file: Path, traces: Sequence[LabelledTrace]) -> None:
    with file.open("w", encoding="utf-8") as lines:
        for number, trace in enumerate(traces):
            row = {
                "id": f"{number}:{trace.id}",  # traces of several files may share an id
                "question": trace.question,
                "steps": trace.steps,
                "labels": _named(trace.labels),
                "alternatives": _named(trace.alternatives),
                "second_pass": _named(trace.second_pass),
            }
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def _named(types: Mapping[int, str]) -> dict[str, str]:
    return {str(i): name for i, name in types.items()}
