"""Precision, recall and F1 of predicted types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tagger.taxonomies.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class TypeScore:
    """Scores of one type; a ratio with a zero denominator is 0.

    Attributes:
        precision: Share of the predicted positives that are correct.
        recall: Share of the positives that were predicted.
        f1: Harmonic mean of the two.
        support: Number of positives.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """Scores of a tagger.

    Attributes:
        steps: How many steps were scored.
        micro_f1: Share of steps predicted correctly (one type a step: accuracy).
        macro_f1: Mean F1 over the types that occur in the truth.
        per_type: Scores by full name, for types that are true or predicted for some step.
    """

    steps: int
    micro_f1: float
    macro_f1: float
    per_type: dict[str, TypeScore]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Scores:
        """Build from what `as_dict` gave."""
        per_type = {name: TypeScore(**score) for name, score in values["per_type"].items()}
        return cls(values["steps"], values["micro_f1"], values["macro_f1"], per_type)


def score_types(true: Sequence[str], predicted: Sequence[str], taxonomy: Taxonomy) -> Scores:
    """Compare types step by step.

    Args:
        true: Full names, one a step.
        predicted: Full names, one a step, in the same order.
        taxonomy: Fixes the order of types.

    Returns:
        The scores; all zero if there are no steps.
    """
    per_type = {}
    for name in taxonomy.names:
        hits = sum(t == p == name for t, p in zip(true, predicted, strict=True))
        support, positives = sum(t == name for t in true), sum(p == name for p in predicted)
        if not support and not positives:
            continue
        precision = hits / positives if positives else 0.0
        recall = hits / support if support else 0.0
        f1 = 2 * hits / (support + positives)
        per_type[name] = TypeScore(precision, recall, f1, support)
    occurring = [s.f1 for s in per_type.values() if s.support]
    agreeing = sum(t == p for t, p in zip(true, predicted, strict=True))
    return Scores(
        steps=len(true),
        micro_f1=agreeing / len(true) if true else 0.0,
        macro_f1=sum(occurring) / len(occurring) if occurring else 0.0,
        per_type=per_type,
    )
