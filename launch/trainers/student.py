"""Training of the student back end: a small network, or an ensemble of them as a teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Interval

from launch.trainers.base import DistilledSettings, Trainer, TrainingJob, distillation_of
from tagger.backends.student.settings import StudentSettings
from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.training.student.train import StudentRecipe
    from tagger.training.trained import TrainedTagger


@dataclass(frozen=True)
class StudentTraining(DistilledSettings):
    """Settings of a student training.

    Attributes:
        members: Networks trained from different seeds; more than one make an ensemble.
        average: Whether to average the members' weights into one network; needs --init.
        refit: Whether to train once more on all traces after the held-out ones gave the scores.
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are trained on cut into sentences as well, and of
            soft-labelled ones that are cut into sentences instead.
        short: Shortened copies of each trace.
        repeat_unsure: Share of the soft-labelled traces, those about which the teachers are least
            sure, that are trained on twice.
        word_bits: Words are hashed into ``2**word_bits`` rows.
        flag_bits: Look-back flags are hashed into ``2**flag_bits`` rows.
        wide_bits: Direct features are hashed into ``2**wide_bits`` rows.
        width: Numbers a word.
        hidden: Numbers a step.
        layers: Convolutions over a step's words.
        kernel: Words a convolution sees at once.
        epochs: Passes over the data.
        learning_rate: Of AdamW, at its height.
        direct_rate: Learning rate of the direct weights.
        weight_decay: Of AdamW.
        smoothing: Share of each target spread over all types.
        batch_steps: Steps a batch holds, about.
        dropout: Share of numbers left out in training.
        memory_dropout: Share of the memory's input left out.
        word_dropout: Share of words left out.

    Raises:
        UserError: A value out of range.
    """

    OWNER: ClassVar[str] = "the student training"
    RENAMED: ClassVar[Mapping[str, str]] = {"trust": "label_weight"}

    members: Annotated[int, Interval(ge=1, le=100)] = 1
    average: bool = False
    refit: bool = True
    label_weight: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.7
    alternative: Annotated[float, Interval(ge=0.0, le=0.5)] = 0.2
    sentences: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.0
    short: Annotated[int, Interval(ge=0, le=20)] = 0
    repeat_unsure: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.0
    word_bits: int = 15
    flag_bits: int = 14
    wide_bits: int = 17
    width: int = 64
    hidden: int = 128
    layers: int = 1
    kernel: int = 3
    epochs: Annotated[int, Interval(ge=1, le=10_000)] = 6
    learning_rate: Annotated[float, Interval(ge=0.0, le=1.0)] = 2e-3
    direct_rate: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.01
    weight_decay: Annotated[float, Interval(ge=0.0, le=1.0)] = 0.01
    smoothing: Annotated[float, Interval(ge=0.0, le=0.9)] = 0.05
    batch_steps: Annotated[int, Interval(ge=1, le=1_000_000)] = 400
    dropout: Annotated[float, Interval(ge=0.0, le=0.9)] = 0.35
    memory_dropout: Annotated[float, Interval(ge=0.0, le=0.9)] = 0.35
    word_dropout: Annotated[float, Interval(ge=0.0, le=0.9)] = 0.15

    def __post_init__(self) -> None:
        super().__post_init__()
        _shape(self)
        if self.average and self.members == 1:
            raise UserError(
                "average=true averages several networks, and members is 1; set members=4, say, or "
                "leave it out."
            )


def _shape(s: StudentTraining) -> StudentSettings:
    return StudentSettings(
        word_bits=s.word_bits, flag_bits=s.flag_bits, wide_bits=s.wide_bits, width=s.width,
        hidden=s.hidden, layers=s.layers, kernel=s.kernel,
    )  # fmt: skip


def _recipe(settings: StudentTraining) -> StudentRecipe:
    from tagger.training.student.fit import FitSettings
    from tagger.training.student.model import Dropout
    from tagger.training.student.train import StudentRecipe

    s = settings
    fitting = FitSettings(
        epochs=s.epochs, learning_rate=s.learning_rate, direct_rate=s.direct_rate,
        weight_decay=s.weight_decay, smoothing=s.smoothing, batch_steps=s.batch_steps,
        dropout=Dropout(s.dropout, s.memory_dropout, s.word_dropout),
    )  # fmt: skip
    return StudentRecipe(
        _shape(s),
        fitting,
        s.members,
        s.alternative,
        s.sentences,
        s.short,
        s.repeat_unsure,
        s.held_out,
        s.refit,
        s.average,
        s.seed,
    )


def _train(job: TrainingJob, settings: StudentTraining) -> TrainedTagger:
    from tagger.frozen import FrozenTagger
    from tagger.segmentation import get_segmenter
    from tagger.training.extra_labels import read_extra
    from tagger.training.student.train import train_student

    if settings.repeat_unsure and not job.teachers:
        raise UserError(
            f"repeat_unsure={settings.repeat_unsure:g} repeats traces that teachers tag, and there "
            "is no teacher; give --teacher and --traces or leave it out."
        )
    distillation = distillation_of(job, settings)
    return train_student(
        job.labels, _recipe(settings), get_segmenter(settings.segmenter), taxonomy=job.taxonomy,
        train_only=job.train_only,
        extra=[read_extra(word) for word in job.extra], distillation=distillation,
        init=FrozenTagger.load(job.init) if job.init else None, say=job.say,
    )  # fmt: skip


STUDENT = Trainer(
    name="student",
    description="a small network with a memory of the trace; with --teacher it is distilled",
    settings=StudentTraining,
    train=_train,
    extra=True,
    resumable=True,
    distilled=True,
    tunable=True,
)
