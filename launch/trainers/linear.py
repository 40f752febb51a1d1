"""Training of the sparse linear back end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from launch.trainers.base import Trainer, TrainingJob, TrainingSettings, teaching_of

if TYPE_CHECKING:
    from tagger.training.trained import TrainedTagger


_RANGES = {
    "strength": (1e-6, 1e6),
    "trust": (0.0, 1.0),
    "alternative": (0.0, 0.5),
    "sentences": (0.0, 1.0),
    "short": (0, 20),
    "max_iterations": (1, 100_000),
}


@dataclass(frozen=True)
class LinearTraining(TrainingSettings):
    """Settings of a linear training.

    Attributes:
        strength: Inverse of the L2 penalty.
        trust: Share of a labelled step's target that comes from its label and not from a teacher;
            at 1 the teachers do not tag the labelled traces.
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are learnt cut into sentences too, and of taught
            ones that are learnt so instead.
        short: Shortened copies learnt of each trace.
        max_iterations: Of the optimiser.

    Raises:
        UserError: A value out of range.
    """

    strength: float = 3.0
    trust: float = 1.0
    alternative: float = 0.0
    sentences: float = 0.0
    short: int = 0
    max_iterations: int = 100

    def __post_init__(self) -> None:
        TrainingSettings.__post_init__(self)
        self.refuse_outside("Linear", _RANGES)


def _train(job: TrainingJob, settings: LinearTraining) -> TrainedTagger:
    from tagger.segmentation import get_segmenter
    from tagger.training.linear import LinearRecipe, train_linear

    teaching = teaching_of(job, settings.trust, LinearTraining.trust)
    recipe = LinearRecipe(
        strength=settings.strength, max_iterations=settings.max_iterations,
        alternative=settings.alternative, sentences=settings.sentences, short=settings.short,
        held_out=settings.held_out, seed=settings.seed,
    )  # fmt: skip
    return train_linear(
        job.labels, recipe, get_segmenter(settings.segmenter), taxonomy=job.taxonomy,
        beside=job.beside, teaching=teaching, say=job.say,
    )  # fmt: skip


LINEAR = Trainer(
    name="linear",
    description="a sparse linear classifier; with --teacher it is distilled, too",
    settings=LinearTraining,
    train=_train,
    resumable=True,
    taught=True,
)
