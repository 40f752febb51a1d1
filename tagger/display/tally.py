"""How much of the thinking each type takes, counted trace by trace so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tagger.steps import TaggedStep
from tagger.taxonomies.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How much of some traces one type takes.

    Attributes:
        name: Full name of the type.
        tag: Its short code.
        role: Its role.
        steps: Number of steps.
        step_share: Of all steps, in [0, 1].
        words: Number of words (what white space parts).
        word_share: Of all words, in [0, 1].
        tokens: Number of tokens; None if nobody counted them.
        token_share: Of all tokens, in [0, 1]; None if nobody counted them.
        confidence: Mean confidence of the steps; 0 if there are none.
    """

    name: str
    tag: str
    role: str
    steps: int
    step_share: float
    words: int
    word_share: float
    tokens: int | None
    token_share: float | None
    confidence: float


class TypeTally:
    """Counts steps, words and tokens by type.

    Args:
        taxonomy: The types.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._index = {name: i for i, name in enumerate(taxonomy.names)}
        count = len(taxonomy.types)
        self._steps, self._words, self._tokens = [0] * count, [0] * count, [0] * count
        self._confidence = [0.0] * count
        self._all_have_tokens = True
        self.traces = 0
        """Number of traces added."""

    @property
    def steps(self) -> int:
        """Number of steps added."""
        return sum(self._steps)

    def add(self, steps: Sequence[TaggedStep], tokens: Sequence[int] | None = None) -> None:
        """Count one trace.

        Args:
            steps: Its tagged steps.
            tokens: Tokens of each step, None if unknown; then no shares of tokens are given.
        """
        self.traces += 1
        self._all_have_tokens &= tokens is not None
        for tagged, step_tokens in zip(steps, tokens or [0] * len(steps), strict=True):
            i = self._index[tagged.type]
            self._steps[i] += 1
            self._words[i] += len(tagged.step.text.split())
            self._tokens[i] += step_tokens
            self._confidence[i] += tagged.confidence

    def merge(self, other: TypeTally) -> None:
        """Count what another tally of the same taxonomy counted."""
        self.traces += other.traces
        self._all_have_tokens &= other._all_have_tokens
        for name in ("_steps", "_words", "_tokens", "_confidence"):
            both = zip(getattr(self, name), getattr(other, name), strict=True)
            setattr(self, name, [a + b for a, b in both])

    def rows(self) -> list[TypeCount]:
        """One row a type in the taxonomy's order, types that do not occur included."""
        steps, words, tokens = (max(1, sum(n)) for n in (self._steps, self._words, self._tokens))
        known = self._all_have_tokens and self.traces > 0
        return [
            TypeCount(
                name=kind.name,
                tag=kind.tag,
                role=kind.role,
                steps=self._steps[i],
                step_share=self._steps[i] / steps,
                words=self._words[i],
                word_share=self._words[i] / words,
                tokens=self._tokens[i] if known else None,
                token_share=self._tokens[i] / tokens if known else None,
                confidence=self._confidence[i] / max(1, self._steps[i]),
            )
            for i, kind in enumerate(self._taxonomy.types)
        ]


def tokens_of_steps(starts: Sequence[int], steps: Sequence[TaggedStep]) -> list[int]:
    """Share the tokens of a thinking out among its steps.

    Args:
        starts: Character in the thinking at which each token begins, ascending.
        steps: Tagged steps, in order.

    Returns:
        Tokens of each step; one that begins between two steps belongs to the one before it, one
        before the first step to the first. They add up to all tokens if there is a step.
    """
    counts = [0] * len(steps)
    at = 0
    for start in starts:
        while at + 1 < len(steps) and steps[at + 1].step.start <= start:
            at += 1
        if steps:
            counts[at] += 1
    return counts
