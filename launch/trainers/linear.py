"""Training of the sparse linear back end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Interval

from launch.trainers.base import DistilledSettings, Trainer, TrainingJob, distillation_of

if TYPE_CHECKING:
    from tagger.training.trained import TrainedTagger


@dataclass(frozen=True)
class LinearTraining(DistilledSettings):
    """Settings of a linear training.

    Attributes:
        strength: Inverse of the L2 penalty.
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are trained on cut into sentences as well, and of
            soft-labelled ones that are cut into sentences instead.
        short: Shortened copies of each trace.
        max_iterations: Of the optimiser.
        bits: Features are hashed into ``2**bits`` buckets.
        keep: Buckets that are kept at most, those of the largest weights; null keeps all.
        memory: Steps back whose types, as the tagger sees them, count for a step's type; 0: none.
        emphasis: What a step of a labelled trace counts against one that teachers tagged.
        refit: Whether to train once more on all traces after the held-out ones gave the scores.

    Raises:
        UserError: A value out of range.
    """

    OWNER: ClassVar[str] = "the linear training"
    RENAMED: ClassVar[Mapping[str, str]] = {"trust": "label_weight"}

    strength: Annotated[float, Interval(ge=1e-6, le=1e6)] = 3.0
    alternative: Annotated[float, Interval(ge=0.0, le=0.5)] = 0.0
    sentences: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.0
    short: Annotated[int, Interval(ge=0, le=20)] = 0
    max_iterations: Annotated[int, Interval(ge=1, le=100_000)] = 100
    bits: Annotated[int, Interval(ge=8, le=24)] = 20
    keep: Annotated[int, Interval(ge=1)] | None = 60_000
    memory: Annotated[int, Interval(ge=0, le=20)] = 0
    emphasis: Annotated[float, Interval(gt=0.0, le=1000.0)] = 1.0
    refit: bool = True


def _train(job: TrainingJob, settings: LinearTraining) -> TrainedTagger:
    from tagger.backends.linear import LinearSettings
    from tagger.segmentation import get_segmenter
    from tagger.training.linear.train import LinearRecipe, train_linear

    distillation = distillation_of(job, settings)
    recipe = LinearRecipe(
        LinearSettings(bits=settings.bits), memory=settings.memory, keep=settings.keep,
        emphasis=settings.emphasis,
        strength=settings.strength, max_iterations=settings.max_iterations,
        alternative=settings.alternative, sentences=settings.sentences, short=settings.short,
        held_out=settings.held_out, refit=settings.refit, seed=settings.seed,
    )  # fmt: skip
    return train_linear(
        job.labels, recipe, get_segmenter(settings.segmenter), taxonomy=job.taxonomy,
        train_only=job.train_only, distillation=distillation, say=job.say,
    )  # fmt: skip


LINEAR = Trainer(
    name="linear",
    description="a sparse linear classifier; with --teacher it is distilled as well",
    settings=LinearTraining,
    train=_train,
    resumable=True,
    distilled=True,
)
