"""What a calibration by labels is worth: each half of the questions with the other one's."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.taxonomies.taxonomy import Taxonomy
from tagger.training.bins import bin_sums, ece
from tagger.training.by_labels.fit import Fitted, Floats, Ints, log_probabilities, moved
from tagger.training.scores import score_types


@dataclass(frozen=True, slots=True)
class TypeCounts:
    """One type before and after, each half calibrated by the other.

    Attributes:
        tag: Its tag.
        labelled: Steps labelled so.
        before, after: Steps predicted so.
        precision_before, precision_after: Share of these that are labelled so.
        f1_before, f1_after: F1 of the type.
    """

    tag: str
    labelled: int
    before: int
    after: int
    precision_before: float
    precision_after: float
    f1_before: float
    f1_after: float


@dataclass(frozen=True)
class CalibrationReport:
    """What a calibration is worth.

    Attributes:
        steps: Labelled steps.
        accuracy: Before and after, each half of the questions calibrated by the other.
        log_loss: The same.
        ece: The same, expected calibration error of the predicted type's probability.
        types: The types that are labelled or predicted.
        left_out: Labels of types that the tagger cannot predict.
    """

    steps: int
    accuracy: tuple[float, float]
    log_loss: tuple[float, float]
    ece: tuple[float, float]
    types: tuple[TypeCounts, ...]
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


@dataclass(frozen=True)
class Scored:
    """Logarithms of the types' probabilities, (steps, types), without and with bias."""

    plain: Floats
    biased: Floats

    @classmethod
    def of(cls, logits: Floats, fitted: Fitted, onto: Floats) -> Scored:
        """Score steps by their logits.

        Args:
            logits: Of the tagger's own types, (steps, own types).
            fitted: For the mapped types.
            onto: 1 where an own type becomes a type, (own types, types).
        """
        plain = log_probabilities(logits, fitted.temperature, onto)
        if fitted.probability_bias.any():
            plain = moved(plain, fitted.probability_bias)
        return cls(plain, plain + fitted.logit_bias)

    @classmethod
    def as_it_is(cls, logits: Floats, temperature: float, own: Floats, onto: Floats) -> Scored:
        """Score steps as a tagger without a calibration for them does (`tagger.mapped`).

        Args:
            logits: Of the tagger's own types, (steps, own types).
            temperature: Logits are divided by it.
            own: The tagger's logit bias of its own types, (own types,).
            onto: 1 where an own type becomes a type, (own types, types).
        """
        plain = log_probabilities(logits, temperature, onto)
        return cls(plain, log_probabilities(logits / temperature + own, 1.0, onto))


def report_of(
    before: Scored, after: Scored, types: Ints, taxonomy: Taxonomy, left_out: int
) -> CalibrationReport:
    """Compare scores before and after.

    Args:
        before: As the tagger is.
        after: Each half of the questions calibrated by the other.
        types: True type of each step, (steps,).
        taxonomy: Order of the types.
        left_out: See `CalibrationReport`.
    """
    rows, names = np.arange(len(types)), [taxonomy.names[i] for i in types]
    predicted = [scored.biased.argmax(axis=1) for scored in (before, after)]
    counts = [np.bincount(p, minlength=len(taxonomy.types)).tolist() for p in predicted]
    scores = [score_types(names, [taxonomy.names[i] for i in p], taxonomy) for p in predicted]
    loss = [-float(scored.plain[rows, types].mean()) for scored in (before, after)]
    error = [
        _ece(np.exp(scored.plain[rows, p]), p == types)
        for scored, p in zip((before, after), predicted, strict=True)
    ]

    def each(name: str, what: str) -> tuple[float, float]:
        first, second = (score.per_type.get(name) for score in scores)
        return getattr(first, what, 0.0), getattr(second, what, 0.0)

    return CalibrationReport(
        steps=len(types),
        accuracy=(scores[0].micro_f1, scores[1].micro_f1),
        log_loss=(loss[0], loss[1]),
        ece=(error[0], error[1]),
        types=tuple(
            TypeCounts(
                kind.tag,
                int((types == i).sum()),
                counts[0][i],
                counts[1][i],
                *each(kind.name, "precision"),
                *each(kind.name, "f1"),
            )  # fmt: skip
            for i, kind in enumerate(taxonomy.types)
            if (types == i).any() or counts[0][i] or counts[1][i]
        ),
        left_out=left_out,
    )


def _ece(confidence: Floats, correct: NDArray[np.bool_]) -> float:
    """Expected calibration error."""
    return float(ece(bin_sums(confidence, correct, np.zeros(len(correct), dtype=np.int64), 1)[0]))
