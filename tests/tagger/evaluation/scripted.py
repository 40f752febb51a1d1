"""A tagger that says what a table tells it to, and traces to go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tagger.steps import Step, TagContext, TaggedStep, TaggingSession
from tagger.taxonomies.taxonomy import StepType, Taxonomy
from tagger.traces.labelled import LabelledTrace

ABC = Taxonomy(
    "abc",
    (
        StepType("make", "MAKE", "constructive", ""),
        StepType("check", "VERIFY", "evaluative", ""),
        StepType("talk", "TALK", "other", ""),
    ),
)


class Scripted:
    """Gives each step the probabilities of its text; steps not in the table get `fallback`."""

    fingerprint = "scripted"

    def __init__(
        self,
        table: Mapping[str, Sequence[float]],
        taxonomy: Taxonomy = ABC,
        fallback: Sequence[float] | None = None,
    ) -> None:
        self.taxonomy = taxonomy
        self._table = table
        self._fallback = fallback
        self.seen: list[list[str]] = []

    def tag(self, steps: Sequence[Step], context: TagContext = TagContext()) -> list[TaggedStep]:
        self.seen.append([s.text for s in steps])
        out = []
        for step in steps:
            row = tuple(self._table.get(step.text, self._fallback or ()))
            best = max(range(len(row)), key=row.__getitem__)
            out.append(TaggedStep(step, self.taxonomy.names[best], row[best], row))
        return out

    def tag_batch(
        self, traces: Sequence[Sequence[Step]], questions: Sequence[str]
    ) -> list[list[TaggedStep]]:
        return [self.tag(t, TagContext(q)) for t, q in zip(traces, questions, strict=True)]

    def session(self, question: str = "") -> TaggingSession:
        raise NotImplementedError


def trace(name: str, *steps: tuple[str, str | None], question: str = "") -> LabelledTrace:
    """A trace of ``(text, label)``; None leaves a step unlabelled."""
    labels = {i: label for i, (_, label) in enumerate(steps) if label is not None}
    return LabelledTrace(name, question or name, tuple(text for text, _ in steps), labels)
