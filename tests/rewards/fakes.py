"""A tagger by keywords and tables of facts, for tests that need no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from rewards.facts.columns import columns
from tagger.segmentation.registry import get_segmenter
from tagger.steps import Step, TagContext, TaggedStep
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy

WORDS = {"check": "VERIFY", "answer": "CONCLUDE", "=": "SUBSTITUTE", "hmm": "META"}


class KeywordTagger:
    """Types a step by the first known word in it."""

    fingerprint = "keywords"

    def __init__(self, words: dict[str, str] = WORDS) -> None:
        self.taxonomy: Taxonomy = REASONTYPE
        self.segmenter = get_segmenter("paragraph")
        self.batches: list[int] = []
        self._words = words

    def tag(self, steps: Sequence[Step], context: TagContext = TagContext()) -> list[TaggedStep]:
        return [self._tagged(step) for step in steps]

    def tag_batch(
        self, traces: Sequence[Sequence[Step]], questions: Sequence[str]
    ) -> list[list[TaggedStep]]:
        self.batches.append(len(traces))
        return [self.tag(steps) for steps in traces]

    def session(self, question: str = "") -> Any:
        raise NotImplementedError

    def _tagged(self, step: Step) -> TaggedStep:
        text = step.text.lower()
        tag = next((t for word, t in self._words.items() if word in text), "OTHER")
        kinds = REASONTYPE.types
        probabilities = tuple(0.87 if k.tag == tag else 0.01 for k in kinds)
        return TaggedStep(step, REASONTYPE.get(tag).name, 0.87, probabilities)


def table(*rows: dict[str, float]) -> torch.Tensor:
    """A facts table from the columns named; all others are 0."""
    names = columns(REASONTYPE)
    facts = torch.zeros(len(rows), len(names))
    for i, row in enumerate(rows):
        for name, value in row.items():
            facts[i, names.index(name)] = value
    return facts
