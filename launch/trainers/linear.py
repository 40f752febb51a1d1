"""Training of the sparse linear back end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from launch.trainers.base import Trainer, TrainingJob, TrainingSettings

if TYPE_CHECKING:
    from tagger.training import TrainedTagger


@dataclass(frozen=True)
class LinearTraining(TrainingSettings):
    """Settings of a linear training.

    Attributes:
        strength: Inverse of the L2 penalty.
        short: Shortened copies learnt of each trace.
        max_iterations: Of the optimiser.
    """

    strength: float = 3.0
    short: int = 0
    max_iterations: int = 100

    def __post_init__(self) -> None:
        TrainingSettings.__post_init__(self)
        self.refuse_outside(
            "Linear", {"strength": (1e-6, 1e6), "short": (0, 20), "max_iterations": (1, 100_000)}
        )


def _train(job: TrainingJob, settings: LinearTraining) -> TrainedTagger:
    from tagger.segmentation import get_segmenter
    from tagger.training import train_linear

    return train_linear(
        job.labels,
        get_segmenter(settings.segmenter),
        settings.seed,
        taxonomy=job.taxonomy,
        beside=job.beside,
        strength=settings.strength,
        short=settings.short,
        held_out=settings.held_out,
        max_iterations=settings.max_iterations,
        say=job.say,
    )


LINEAR = Trainer(
    name="linear",
    description="a sparse linear classifier of words and look-back flags",
    settings=LinearTraining,
    train=_train,
)
