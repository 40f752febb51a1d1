"""Steps, typed steps, and the two seams of this room: segmenters and taggers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from tagger.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the thinking.

    Attributes:
        text: The step's characters, ``thinking[start:end]``.
        start: First character, counted in the thinking text.
        end: One past the last character.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TaggedStep:
    """A step and the type a tagger gave it.

    Attributes:
        step: The step.
        type: Full name of the type in the tagger's taxonomy.
        confidence: Probability of that type, in [0, 1].
        probabilities: One probability a type, in the taxonomy's order; sums to 1.
    """

    step: Step
    type: str
    confidence: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TagContext:
    """What a tagger may look at besides the steps it tags: only what came before.

    Attributes:
        question: The problem text, empty if unknown.
        earlier: All steps of the trace before the first one to be tagged.
    """

    question: str = ""
    earlier: tuple[Step, ...] = ()


class StepStream(Protocol):
    """Incremental twin of `Segmenter.split` for one trace."""

    def feed(self, delta: str) -> list[Step]:
        """Take the next characters; return the steps they completed."""
        ...

    def close(self) -> list[Step]:
        """End the text; return the steps that were still open."""
        ...


class Segmenter(Protocol):
    """Cuts thinking into steps.

    Law: for any way of cutting a text into deltas, the steps that `stream()` yields (all of
    `feed`, then `close`) equal `split(text)`.
    """

    @property
    def name(self) -> str:
        """Name in the registry and in config files."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """JSON-able settings; part of a tagger's fingerprint."""
        ...

    def split(self, text: str) -> list[Step]:
        """Cut a finished text."""
        ...

    def stream(self) -> StepStream:
        """Start cutting a text that is still being written."""
        ...


class TaggingSession(Protocol):
    """Tags one trace step by step as it is written."""

    def tag_next(self, step: Step) -> TaggedStep:
        """Tag the next step; it becomes context for the ones after it."""
        ...


@runtime_checkable
class StepTagger(Protocol):
    """Gives steps their types.

    Law: tagging one by one through a session equals tagging the finished trace, and neither the
    composition nor the order of a batch changes a label.
    """

    @property
    def taxonomy(self) -> Taxonomy:
        """The types it knows."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 over weights, taxonomy, segmentation and features, as hex."""
        ...

    def tag(self, steps: Sequence[Step], context: TagContext = TagContext()) -> list[TaggedStep]:
        """Tag consecutive steps of one trace."""
        ...

    def tag_batch(
        self, traces: Sequence[Sequence[Step]], questions: Sequence[str]
    ) -> list[list[TaggedStep]]:
        """Tag many whole traces at once; same labels as `tag` on each."""
        ...

    def session(self, question: str = "") -> TaggingSession:
        """Start tagging a trace that is still being written."""
        ...
