"""A tagger whose labels are easy to foretell and depend on what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Step, TagContext, TaggedStep
from tagger.taxonomies.taxonomy import REASONTYPE


def one_hot(step: Step, tag: str) -> TaggedStep:
    index = REASONTYPE.index(tag)
    probabilities = tuple(float(i == index) for i in range(len(REASONTYPE.types)))
    return TaggedStep(step, REASONTYPE.types[index].name, 1.0, probabilities)


class WordTagger:
    """VERIFY for a step with "check", CONCLUDE with "answer"; META if the same text came before."""

    taxonomy = REASONTYPE
    fingerprint = "none"

    def __init__(self, segmenter: Any = None) -> None:
        self.segmenter = segmenter or ParagraphSegmenter()

    def session(self, question: str = "") -> WordSession:
        return WordSession()

    def tag(self, steps: Sequence[Step], context: TagContext = TagContext()) -> list[TaggedStep]:
        session = self.session(context.question)
        for step in context.earlier:
            session.tag_next(step)
        return [session.tag_next(step) for step in steps]

    def tag_batch(
        self, traces: Sequence[Sequence[Step]], questions: Sequence[str]
    ) -> list[list[TaggedStep]]:
        return [self.tag(t, TagContext(q)) for t, q in zip(traces, questions, strict=True)]


class WordSession:
    def __init__(self) -> None:
        self._seen: set[str] = set()

    def tag_next(self, step: Step) -> TaggedStep:
        seen, text = step.text in self._seen, step.text.lower()
        self._seen.add(step.text)
        if seen:
            return one_hot(step, "META")
        if "check" in text:
            return one_hot(step, "VERIFY")
        return one_hot(step, "CONCLUDE" if "answer" in text else "SUBSTITUTE")


@dataclass(frozen=True)
class EverySixCharacters:
    """Steps of six characters, whatever they are: random models write no paragraphs."""

    name: str = "six"
    version: int = 1
    size: int = 6

    @property
    def settings(self) -> dict[str, Any]:
        return {}

    def split(self, text: str) -> list[Step]:
        stream = self.stream()
        return stream.feed(text) + stream.close()

    def stream(self) -> SixStream:
        return SixStream(self.size)


class SixStream:
    def __init__(self, size: int) -> None:
        self._size, self._text, self._done = size, "", 0

    def feed(self, delta: str) -> list[Step]:
        self._text += delta
        steps = []
        while len(self._text) - self._done >= self._size:
            start, self._done = self._done, self._done + self._size
            steps.append(Step(self._text[start : self._done], start, self._done))
        return steps

    def close(self) -> list[Step]:
        start, self._done = self._done, len(self._text)
        return [Step(self._text[start:], start, self._done)] if start < self._done else []
