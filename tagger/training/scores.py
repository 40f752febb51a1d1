"""How well given types agree with true ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tagger.taxonomies.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class TypeScore:
    """Scores of one type; a ratio with nothing below the line is 0.

    Attributes:
        precision: Share of the steps called so that are so.
        recall: Share of the steps that are so that were called so.
        f1: Harmonic mean of the two.
        support: How many steps are so.
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
        micro_f1: Share of steps given their true type (one type a step: accuracy).
        macro_f1: Mean F1 over the types that occur in the truth.
        per_type: Scores by full name, for types that occur in the truth or among the given ones.
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


def score_types(true: Sequence[str], given: Sequence[str], taxonomy: Taxonomy) -> Scores:
    """Compare types step by step.

    Args:
        true: Full names, one a step.
        given: Full names, one a step, in the same order.
        taxonomy: Fixes the order of types.

    Returns:
        The scores; all zero if there are no steps.
    """
    per_type = {}
    for name in taxonomy.names:
        hits = sum(t == g == name for t, g in zip(true, given, strict=True))
        support, called = sum(t == name for t in true), sum(g == name for g in given)
        if not support and not called:
            continue
        precision = hits / called if called else 0.0
        recall = hits / support if support else 0.0
        f1 = 2 * hits / (support + called)
        per_type[name] = TypeScore(precision, recall, f1, support)
    occurring = [s.f1 for s in per_type.values() if s.support]
    agreeing = sum(t == g for t, g in zip(true, given, strict=True))
    return Scores(
        steps=len(true),
        micro_f1=agreeing / len(true) if true else 0.0,
        macro_f1=sum(occurring) / len(occurring) if occurring else 0.0,
        per_type=per_type,
    )
