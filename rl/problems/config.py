"""The settings of a problem set: what every command that asks problems reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from annotated_types import Ge

from tagger.config.settings import Settings


@dataclass(frozen=True)
class ColumnsConfig(Settings):
    """Which columns of a table hold what; paths with dots step into objects and lists.

    Attributes:
        question: The text, or the chat, that is asked.
        reference: The correct answer; with `choices` the letter of an option, its text, or its
            place counted from 0.
        choices: The options: a column that holds their list, or a list of one column each. They are
            written below the question, ``(A)`` and so on; shuffled, by the question, if `reference`
            is one of these columns.
        id: Unique name.
        band: Difficulty.
        family: Kind.
    """

    question: str | None = None
    reference: str | None = None
    choices: str | list[str] | None = None
    id: str | None = None
    band: str | None = None
    family: str | None = None


AS_NAMED = ColumnsConfig()
"""No mapping: the columns are called what they hold."""


@dataclass(frozen=True)
class ProblemsConfig(Settings):
    """Where problems come from.

    Attributes:
        source: ``overthinker``, a file, ``hf:NAME``, ``reasoning_gym:NAME`` or a named set; see
            `rl.problems.registry.find_source`.
        split: Part of the source; left out: the source's own for training, comparison and so on.
        size: Number of problems; all of them if left out. Problems that are drawn (``overthinker``,
            ``reasoning_gym:NAME``) need a number.
        seed: Seed of the draw.
        config: Configuration of a Hugging Face data set.
        columns: Which columns hold what, if their names do not say it.
        checker: What decides whether an answer is correct: a name in
            `rewards.answers.checkers.CHECKERS`, or a mapping of ``name`` and its settings. The
            source's own if left out.
        settings: Settings of the source: those of a reasoning-gym data set, ``streaming`` of a
            Hugging Face one, ``path`` of a local copy of a named one.
    """

    PURPOSE: ClassVar[str] = "train"

    source: str = "overthinker"
    split: str | None = None
    size: Annotated[int, Ge(1)] | None = None
    seed: int = 0
    config: str | None = None
    columns: ColumnsConfig = field(default_factory=ColumnsConfig)
    checker: str | dict[str, Any] | None = None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SelectionProblems(ProblemsConfig):
    """Problems on which the best of several policies is chosen: neither training nor test."""

    PURPOSE: ClassVar[str] = "calibration"
