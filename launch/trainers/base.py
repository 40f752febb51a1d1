"""The interface of a trainer, and what every training has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from annotated_types import Interval

from tagger.backends.pretrained.settings import Precision
from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy

if TYPE_CHECKING:
    from tagger.training.distillation import Distillation
    from tagger.training.trained import TrainedTagger


@dataclass(frozen=True)
class TrainingSettings(Settings):
    """Settings every tagger training has; each back end adds its own.

    Attributes:
        segmenter: Name of the segmenter that cut the labelled steps.
        generated: Traces the overthinker's writer makes where no labelled file is named.
        held_out: Share of questions held out for scores and temperature.
        seed: Chooses the held-out questions, the generated traces, and what else is drawn.
    """

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "the training"

    segmenter: str = "paragraph"
    generated: Annotated[int, Interval(ge=2, le=10**7)] = 4000
    held_out: Annotated[float, Interval(ge=0.001, le=0.9)] = 0.15
    seed: Annotated[int, Interval(ge=0, le=2**32 - 1)] = 0


@dataclass(frozen=True)
class DistilledSettings(TrainingSettings):
    """Settings of the trainings that can learn from teachers.

    Attributes:
        label_weight: Weight of the label in the target of a labelled step, the rest is the
            teachers'; at 1 the teachers do not tag the labelled traces at all.
        teacher_precision: Number type of the matrix products of teachers that are language
            models or encoders, ``float32`` or ``bfloat16``.
    """

    label_weight: Annotated[float, Interval(ge=0.0, le=1.0)] = 1.0
    teacher_precision: Precision = "float32"


@dataclass(frozen=True)
class TrainingJob:
    """What to train on, and where to write checkpoints.

    Attributes:
        labels: Labelled files in the tagger's own taxonomy.
        extra: Labelled files in other taxonomies, as ``FILE:TAXONOMY``.
        checkpoint: Folder for checkpoints; the same job resumes from it.
        teachers: Folders or packaged names of taggers to distil.
        traces: Unlabelled traces for the teachers to tag.
        train_only: Labelled files of which nothing is held out for the scores.
        init: Folder or packaged name of the tagger to fine-tune; None starts afresh.
        taxonomy: Of the labels and of the tagger.
        say: Takes a line on progress.
    """

    labels: Sequence[Path]
    extra: Sequence[str] = ()
    checkpoint: Path | None = None
    teachers: Sequence[str] = ()
    traces: Sequence[Path] = ()
    train_only: Sequence[Path] = ()
    init: str | None = None
    taxonomy: Taxonomy = REASONTYPE
    say: Callable[[str], None] = lambda line: None


@dataclass(frozen=True)
class Trainer:
    """How one back end is trained.

    Attributes:
        name: For ``--backend``.
        description: What it is, in a few words; for ``--help`` and the card.
        settings: Dataclass of its settings, a `TrainingSettings` with more fields; its module
            must be light to import.
        train: Trains; imports what it needs itself.
        extra: Whether it learns from labels of other taxonomies.
        resumable: Whether it writes checkpoints.
        distilled: Whether it can learn from teachers.
        tunable: Whether it can fine-tune a tagger of its own kind.
    """

    name: str
    description: str
    settings: type[TrainingSettings]
    train: Callable[[TrainingJob, Any], TrainedTagger]
    extra: bool = False
    resumable: bool = False
    distilled: bool = False
    tunable: bool = False

    @property
    def keys(self) -> str:
        """Names of its settings, for ``--help``."""
        return ", ".join(f.name for f in fields(self.settings))

    def check(self, job: TrainingJob) -> None:
        """Refuse what this back end cannot do, before anything is read.

        Raises:
            UserError: Extra labels, a tagger to fine-tune, a checkpoint folder, a teacher or
                unlabelled traces that it has no use for; teachers without traces, or traces
                without teachers; a file that is missing or named twice, a teacher named twice, an
                unknown taxonomy, a checkpoint folder that is a file or cannot be made.
        """
        from tagger.training.extra_labels import split_extra

        extra, checkpoint = job.extra, job.checkpoint
        if extra and not self.extra:
            raise UserError(
                f"The {self.name} back end learns from one taxonomy; leave out --extra or choose "
                "another --backend."
            )
        if job.init is not None and not self.tunable:
            raise UserError(
                f"The {self.name} back end always starts afresh; leave out --init or choose "
                "another --backend."
            )
        if checkpoint and not self.resumable:
            raise UserError(
                f"The {self.name} back end trains in one go and writes no checkpoints; "
                "leave out --checkpoint."
            )
        if (job.teachers or job.traces) and not self.distilled:
            raise UserError(
                f"The {self.name} back end learns from labels alone; leave out --teacher and "
                "--traces or choose another --backend."
            )
        if bool(job.teachers) != bool(job.traces):
            raise UserError(
                "A teacher needs traces to tag, and traces a teacher; give --teacher and --traces."
            )
        if checkpoint and self.distilled and not job.teachers:
            raise UserError(
                f"The {self.name} back end stores only teacher probabilities; leave out "
                "--checkpoint or give --teacher."
            )
        if checkpoint and checkpoint.exists() and not checkpoint.is_dir():
            raise UserError(f"--checkpoint {checkpoint} is a file; name a folder.")
        for option, paths in (
            ("--labels", job.labels),
            ("--train-only", job.train_only),
            ("--labels and --train-only", [*job.labels, *job.train_only]),
            ("--extra", [split_extra(word)[0] for word in extra]),
            ("--traces", job.traces),
            ("--labels, --train-only and --traces", [*job.labels, *job.train_only, *job.traces]),
        ):
            _refuse_missing_and_double(option, paths)
        double = next((name for name in job.teachers if job.teachers.count(name) > 1), None)
        if double:
            raise UserError(f"--teacher names {double} twice; name each teacher once.")
        if checkpoint:
            try:
                checkpoint.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UserError(
                    f"--checkpoint {checkpoint} cannot be made ({error}); name a folder that can "
                    "be written to."
                ) from error


def distillation_of(job: TrainingJob, settings: DistilledSettings) -> Distillation | None:
    """The distillation of a job; None without a teacher.

    Args:
        job: Names the teachers and their traces.
        settings: Of the training.

    Raises:
        UserError: A teacher that cannot be loaded, or a setting that is about teachers where
            there is none.
    """
    from tagger.frozen import FrozenTagger
    from tagger.training.distillation import Distillation

    if not job.teachers:
        if settings.label_weight != type(settings).label_weight:
            raise UserError(
                f"label_weight={settings.label_weight:g} weighs labels against teachers, and there "
                "is no teacher; give --teacher and --traces or leave it out."
            )
        if settings.teacher_precision != type(settings).teacher_precision:
            raise UserError(
                f"teacher_precision={settings.teacher_precision} is about teachers, and there is "
                "none; give --teacher and --traces or leave it out."
            )
        return None
    teachers = [FrozenTagger.load(folder) for folder in job.teachers]
    return Distillation(
        teachers, job.traces, settings.label_weight, job.checkpoint, settings.teacher_precision
    )


def _refuse_missing_and_double(option: str, paths: Sequence[Path]) -> None:
    """Refuse files named twice, whose steps would count twice, and files that do not exist."""
    seen: set[Path] = set()
    for path in paths:
        if str(path) != "-" and not path.exists():
            raise UserError(f"{option} {path} cannot be opened (no such file); check the path.")
        if path.resolve() in seen:
            raise UserError(f"{option} names {path} twice; name each file once.")
        seen.add(path.resolve())
