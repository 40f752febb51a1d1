"""Training of the student back end: a small network, or an ensemble of them as a teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from launch.trainers.base import Trainer, TrainingJob, TrainingSettings, teaching_of
from tagger.backends.student.settings import StudentSettings

if TYPE_CHECKING:
    from tagger.training.student.train import StudentRecipe
    from tagger.training.trained import TrainedTagger


_RANGES = {
    "members": (1, 100),
    "epochs": (1, 10_000),
    "batch_steps": (1, 1_000_000),
    "trust": (0.0, 1.0),
    "alternative": (0.0, 0.5),
    "sentences": (0.0, 1.0),
    "short": (0, 20),
    "smoothing": (0.0, 0.9),
    "dropout": (0.0, 0.9),
    "memory_dropout": (0.0, 0.9),
    "word_dropout": (0.0, 0.9),
    "learning_rate": (0.0, 1.0),
    "direct_rate": (0.0, 1.0),
    "weight_decay": (0.0, 1.0),
}


@dataclass(frozen=True)
class StudentTraining(TrainingSettings):
    """Settings of a student training.

    Attributes:
        members: Networks trained from different seeds; more than one make an ensemble.
        refit: Whether to train once more on all traces after the held-out ones gave the scores.
        trust: Share of a labelled step's target that comes from its label and not from a teacher;
            at 1 the teachers do not tag the labelled traces, unlabelled steps of theirs included.
        alternative: Share of the target that goes to a label's second plausible type.
        sentences: Share of labelled traces that are learnt cut into sentences too, and of taught
            ones that are learnt so instead.
        short: Shortened copies learnt of each trace.
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

    members: int = 1
    refit: bool = True
    trust: float = 0.7
    alternative: float = 0.2
    sentences: float = 0.0
    short: int = 0
    word_bits: int = 15
    flag_bits: int = 14
    wide_bits: int = 17
    width: int = 64
    hidden: int = 128
    layers: int = 1
    kernel: int = 3
    epochs: int = 6
    learning_rate: float = 2e-3
    direct_rate: float = 0.01
    weight_decay: float = 0.01
    smoothing: float = 0.05
    batch_steps: int = 400
    dropout: float = 0.35
    memory_dropout: float = 0.35
    word_dropout: float = 0.15

    def __post_init__(self) -> None:
        TrainingSettings.__post_init__(self)
        self.refuse_outside("Student", _RANGES)
        _shape(self)


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
        s.held_out,
        s.refit,
        s.seed,
    )


def _train(job: TrainingJob, settings: StudentTraining) -> TrainedTagger:
    from tagger.segmentation import get_segmenter
    from tagger.training.extra_labels import read_extra
    from tagger.training.student.train import train_student

    teaching = teaching_of(job, settings.trust, StudentTraining.trust)
    return train_student(
        job.labels, _recipe(settings), get_segmenter(settings.segmenter), taxonomy=job.taxonomy,
        beside=job.beside,
        extra=[read_extra(word) for word in job.extra], teaching=teaching, say=job.say,
    )  # fmt: skip


STUDENT = Trainer(
    name="student",
    description="a small network with a memory of the trace; with --teacher it is distilled",
    settings=StudentTraining,
    train=_train,
    extra=True,
    resumable=True,
    taught=True,
)
