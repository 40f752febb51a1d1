"""Training of the causal back end."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, TypeVar

from annotated_types import Interval

from launch.trainers.base import Trainer, TrainingJob, TrainingSettings
from tagger.backends.causal.settings import CausalFit, CausalSettings

if TYPE_CHECKING:
    from tagger.training.trained import TrainedTagger

T = TypeVar("T")


@dataclass(frozen=True)
class CausalTraining(CausalFit, CausalSettings, TrainingSettings):
    """Settings of a causal training: of the job, the net and the fit, side by side."""

    held_out: Annotated[float, Interval(ge=0.001, le=0.9)] = 0.1

    def part(self, kind: type[T]) -> T:
        """The settings of one of the dataclasses it is made of."""
        return kind(**{f.name: getattr(self, f.name) for f in fields(kind)})  # type: ignore[arg-type]


def _train(job: TrainingJob, settings: CausalTraining) -> TrainedTagger:
    from tagger.segmentation import get_segmenter
    from tagger.training.causal.train import train_causal

    return train_causal(
        job.labels,
        get_segmenter(settings.segmenter),
        settings.seed,
        taxonomy=job.taxonomy,
        train_only=job.train_only,
        settings=settings.part(CausalSettings),
        fit=settings.part(CausalFit),
        held_out=settings.held_out,
        checkpoint=job.checkpoint,
        say=job.say,
    )


CAUSAL = Trainer(
    name="causal",
    description="a causal language model that reads the whole trace once",
    settings=CausalTraining,
    train=_train,
    resumable=True,
)
