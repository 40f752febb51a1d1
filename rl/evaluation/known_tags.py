"""The tags of an arm's samples, for monitors that are shown the same traces again.

A tagger looks back only, and tagging step by step gives the types of the finished trace
(`tagger.steps.StepTagger`). So a step has the type it had in another trace of the same question
that is the same up to there, and need not be tagged again for every rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rl.evaluation.samples import Sample, SampleStep
from tagger.steps import Segmenter, Step, TaggedStep, TaggingSession
from tagger.stopping.monitor import SegmentingTagger


@dataclass(slots=True)
class _Known:
    """A place in the traces of a question: its step, and what follows, by text."""

    step: SampleStep | None = None
    then: dict[str, _Known] = field(default_factory=dict)


class KnownTags:
    """Looks up the steps of samples; from the first that is in none of them on, tags.

    A step that is looked up has its type and its confidence, rounded as in samples, but no
    probabilities of the other types: stopping rules read none.
    """

    def __init__(self, tagger: SegmentingTagger, samples: Sequence[Sample]) -> None:
        """Keep the steps of samples.

        Args:
            tagger: The one that has tagged the samples.
            samples: Their thinking is what counts.
        """
        self._tagger = tagger
        self._questions: dict[str, _Known] = {}
        for sample in samples:
            place = self._questions.setdefault(sample.question, _Known())
            for step in sample.steps:
                place = place.then.setdefault(step.text, _Known(step))

    @property
    def segmenter(self) -> Segmenter:
        """The tagger's."""
        return self._tagger.segmenter

    def session(self, question: str = "") -> TaggingSession:
        """Start tagging a trace, as the tagger would."""
        return _Session(self._tagger, question, self._questions.get(question))


class _Session:
    """Looks steps up as long as the trace is a known one."""

    def __init__(self, tagger: SegmentingTagger, question: str, place: _Known | None) -> None:
        self._tagger, self._question, self._place = tagger, question, place
        self._earlier: list[Step] = []
        self._own: TaggingSession | None = None

    def tag_next(self, step: Step) -> TaggedStep:
        """Tag the next step; it becomes context for the ones after it."""
        self._place = self._place.then.get(step.text) if self._place is not None else None
        if self._place is not None and (known := self._place.step) is not None:
            self._earlier.append(step)
            return TaggedStep(step, known.type, known.confidence, ())
        if self._own is None:
            self._own = self._tagger.session(self._question)
            for earlier in self._earlier:
                self._own.tag_next(earlier)
        return self._own.tag_next(step)
