"""Training of the encoder back end."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

from launch.trainers.base import Trainer, TrainingJob, TrainingSettings
from tagger.backends.encoder.settings import EncoderSettings, FitSettings

if TYPE_CHECKING:
    from tagger.training.trained import TrainedTagger

T = TypeVar("T")


@dataclass(frozen=True)
class EncoderTraining(FitSettings, EncoderSettings, TrainingSettings):
    """Settings of an encoder training: of the job, the net and the fit, side by side."""

    def part(self, kind: type[T]) -> T:
        """The settings of one of the dataclasses it is made of."""
        return kind(**{f.name: getattr(self, f.name) for f in fields(kind)})  # type: ignore[arg-type]


def _train(job: TrainingJob, settings: EncoderTraining) -> TrainedTagger:
    from tagger.segmentation import get_segmenter
    from tagger.training.encoder.train import train_encoder
    from tagger.training.extra_labels import read_extra

    return train_encoder(
        job.labels,
        get_segmenter(settings.segmenter),
        settings.seed,
        taxonomy=job.taxonomy,
        train_only=job.train_only,
        settings=settings.part(EncoderSettings),
        fit=settings.part(FitSettings),
        extra=[read_extra(word) for word in job.extra],
        held_out=settings.held_out,
        checkpoint=job.checkpoint,
        say=job.say,
    )


ENCODER = Trainer(
    name="encoder",
    description="a sentence encoder with a causal head over the steps",
    settings=EncoderTraining,
    train=_train,
    extra=True,
    resumable=True,
)
