"""Steps, typed steps, and the two seams of this room: segmenters and taggers."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from tagger.errors import UserError
from tagger.taxonomies.taxonomy import Taxonomy


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


class ScoredToken(NamedTuple):
    """A token of the thinking and how sure the model was of it.

    Attributes:
        start: Character in the thinking at which the token begins (a token that begins inside a
            multi-byte character begins at that character).
        end: One past the last character that is complete with it; `start` if none is.
        logprob: Natural logarithm of the probability it was sampled with.
    """

    start: int
    end: int
    logprob: float


@dataclass(frozen=True, slots=True)
class TaggedStep:
    """A step and its predicted type.

    Attributes:
        step: The step.
        type: Full name of the type in the tagger's taxonomy.
        confidence: Probability of that type, in [0, 1]; not always the largest, as a logit bias
            may decide (`FrozenTagger.logit_bias`).
        probabilities: One probability a type, in the taxonomy's order; sums to 1.
    """

    step: Step
    type: str
    confidence: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TagContext:
    """Context of the steps to tag: only what came before.

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
    `feed`, then `close`) equal `split(text)`. A step is yielded once it is certain, which may
    take a few characters of the next one. One that needs more than the text is a
    `ScoredSegmenter`.
    """

    @property
    def name(self) -> str:
        """Name in the registry and in config files."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever the same settings cut any text otherwise than before; from 1 on."""
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


class ScoredStepStream(Protocol):
    """Incremental twin of `ScoredSegmenter.split` for one trace."""

    def feed(self, delta: str, tokens: Sequence[ScoredToken] = ()) -> list[Step]:
        """Take the next characters, and tokens each no later than its first character."""
        ...

    def close(self) -> list[Step]:
        """End the text; return the steps that were still open."""
        ...


@runtime_checkable
class ScoredSegmenter(Protocol):
    """A segmenter that needs token probabilities in addition to the text, as `confidence` does.

    It is a `Segmenter` by its form; called with text alone it raises a `UserError` that says what
    to give it. Who has probabilities asks `needs_scores` and passes them on.

    Law: for any way of cutting the text into deltas and of giving each token with or before its
    first character, what `stream()` yields equals ``split(text, tokens)``.
    """

    @property
    def name(self) -> str:
        """Name in the registry and in config files."""
        ...

    @property
    def version(self) -> int:
        """As `Segmenter.version`."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """JSON-able settings; part of a tagger's fingerprint."""
        ...

    def split(self, text: str, tokens: Sequence[ScoredToken] = ()) -> list[Step]:
        """Cut a finished text, given all its tokens."""
        ...

    def stream(self) -> ScoredStepStream:
        """Start cutting a text that is still being written."""
        ...


def needs_scores(segmenter: Segmenter) -> bool:
    """Whether a segmenter is a `ScoredSegmenter`: whether its `split` takes ``tokens``."""
    return "tokens" in inspect.signature(segmenter.split).parameters


def scored_tokens(
    ends: Sequence[int], logprobs: Sequence[float], offset: int = 0
) -> list[ScoredToken]:
    """Spans and log-probabilities of the tokens of a thinking.

    Args:
        ends: How far each token reaches into the text, as
            `tagger.thinking.token_text.char_ends` has it.
        logprobs: One a token.
        offset: Where the thinking begins in that text; tokens that end before it are left out.

    Returns:
        The tokens, counted from `offset`.

    Raises:
        UserError: Not as many log-probabilities as tokens.
    """
    if len(ends) != len(logprobs):
        raise UserError(
            f"{len(ends)} tokens but {len(logprobs)} log-probabilities; give one a token."
        )
    starts = [0, *ends][: len(ends)]
    return [
        ScoredToken(max(0, start - offset), end - offset, logprob)
        for start, end, logprob in zip(starts, ends, logprobs, strict=True)
        if end > offset or (end == start == offset)
    ]


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


STEP_GAP = "\n\n"
"""What steps given as a list are joined with to make a thinking text."""


def steps_from_texts(texts: Sequence[str]) -> tuple[str, tuple[Step, ...]]:
    """Join step texts with blank lines.

    Args:
        texts: The steps.

    Returns:
        The thinking they make, and the steps with their spans in it.
    """
    steps, at = [], 0
    for text in texts:
        steps.append(Step(text, at, at + len(text)))
        at += len(text) + len(STEP_GAP)
    return STEP_GAP.join(texts), tuple(steps)
