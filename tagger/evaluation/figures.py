"""The result of an evaluation: every metric with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagger.evaluation.bootstrap import Estimate
from tagger.taxonomies.taxonomy import Taxonomy

FORMAT = 2
"""Version of the JSON form."""


@dataclass(frozen=True)
class Ratios:
    """Precision, recall and F1; `support` counts positives, `predicted` predicted positives."""

    precision: Estimate
    recall: Estimate
    f1: Estimate
    support: int
    predicted: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        ratios = {k: getattr(self, k).as_dict() for k in ("precision", "recall", "f1")}
        return ratios | {"support": self.support, "predicted": self.predicted}


@dataclass(frozen=True)
class CountError:
    """Error of counts, over the labelled steps of each trace.

    Attributes:
        bias: Predicted minus true count, over all traces, as a share of the true count.
        mae: Absolute error of the count, mean over traces, in steps.
    """

    bias: Estimate
    mae: Estimate

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"bias": self.bias.as_dict(), "mae": self.mae.as_dict()}


@dataclass(frozen=True)
class Bin:
    """One bin of the reliability plot: steps, their mean confidence, the share that is correct."""

    steps: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Evaluation:
    """Every metric of a tagger on labelled traces; shares are in [0, 1].

    Attributes:
        taxonomy: The types that were scored.
        verification_types: Names of the types that are verification.
        traces: Traces with a label that counts.
        steps: Labelled steps.
        left_out: Labels not counted because their type has no counterpart.
        micro_f1: Share of steps predicted correctly.
        macro_f1: Mean F1 over the types that occur in the truth.
        kappa: Cohen's.
        lenient: Share of steps predicted as their label or its stated alternative.
        types: By full name, for types that are true or predicted for some step.
        verification: Verification against the rest; None if the taxonomy has no such type.
        unmarked: Recall of verification steps without a keyword of any list, and their number;
            None as above.
        keywords: Verification by keyword: a step with a word of the list is predicted positive.
        keyword_bias: Count bias of each list.
        roles: By role; `role_macro_f1` is the mean F1 over roles that occur in the truth.
        role_macro_f1: See `roles`.
        ece: Expected calibration error, 15 bins.
        ece_refitted: The same with a temperature fitted on the other half of the questions.
        log_loss: Mean negative log-probability of the true type, in nats.
        temperature: That fits these steps best.
        bins: Of the reliability plot, the empty ones left out.
        counts: Count error by type from the predicted types, for types that occur in the truth.
        soft_counts: The same from summed probabilities.
        verification_count: Count error of verification from the predicted types, as the reward
            counts; None if there is none.
        soft_verification_count: The same from summed probabilities.
        confusion: Steps by true (row) and predicted (column) type, in the taxonomy's order.
        agreement: Micro-F1, kappa and verification F1 of an independent second label where there
            is one, and how many steps have one; None if none.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """

    taxonomy: Taxonomy
    verification_types: tuple[str, ...]
    traces: int
    steps: int
    left_out: int
    micro_f1: Estimate
    macro_f1: Estimate
    kappa: Estimate
    lenient: Estimate
    types: dict[str, Ratios]
    verification: Ratios | None
    unmarked: tuple[Estimate, int] | None
    keywords: dict[str, Ratios]
    keyword_bias: dict[str, Estimate]
    roles: dict[str, Ratios]
    role_macro_f1: Estimate
    ece: Estimate
    ece_refitted: Estimate
    log_loss: Estimate
    temperature: float
    bins: tuple[Bin, ...]
    counts: dict[str, CountError]
    soft_counts: dict[str, CountError]
    verification_count: CountError | None
    soft_verification_count: CountError | None
    confusion: NDArray[np.int64]
    agreement: dict[str, Any] | None
    resamples: int
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form: every metric as ``{mean, low, high}``, `mean` over all traces."""
        return _record(self)


def _record(e: Evaluation) -> dict[str, Any]:
    """Every metric as ``{mean, low, high}``.

    Args:
        e: The evaluation.

    Returns:
        A JSON-able object. Biases of counts are shares of the true count (0.1 is 10 % too many);
        ``count_bias`` is that of verification, from the predicted types, as the reward counts them.
    """
    check = _verification(e)
    return {
        "format": FORMAT,
        "taxonomy": e.taxonomy.name,
        "traces": e.traces,
        "steps": e.steps,
        "left_out": e.left_out,
        "micro_f1": e.micro_f1.as_dict(),
        "macro_f1": e.macro_f1.as_dict(),
        "kappa": e.kappa.as_dict(),
        "micro_f1_or_alternative": e.lenient.as_dict(),
        "types": {
            name: {"tag": e.taxonomy.get(name).tag} | r.as_dict() for name, r in e.types.items()
        },
        "verification": check,
        "verification_types": list(e.verification_types),
        "roles": {
            "macro_f1": e.role_macro_f1.as_dict(),
            **{role: r.as_dict() for role, r in e.roles.items()},
        },
        "ece": e.ece.as_dict(),
        "calibration": {
            "ece_refitted": e.ece_refitted.as_dict(),
            "log_loss": e.log_loss.as_dict(),
            "best_temperature": e.temperature,
            "bins": [asdict(b) for b in e.bins],
        },
        "count_bias": None if e.verification_count is None else e.verification_count.bias.as_dict(),
        "counts": _counts(e),
        "keywords": {
            name: r.as_dict() | {"count_bias": e.keyword_bias[name].as_dict()}
            for name, r in e.keywords.items()
        },
        "second_label": None if e.agreement is None else _plain(e.agreement),
        "confusion": {
            "types": list(e.taxonomy.names),
            "tags": list(e.taxonomy.tags),
            "steps": e.confusion.tolist(),
        },
        "bootstrap": {"over": "traces", "resamples": e.resamples, "seed": e.seed},
    }


def _verification(e: Evaluation) -> dict[str, Any] | None:
    if e.verification is None:
        return None
    out = e.verification.as_dict()
    if e.unmarked is not None:
        out["marker_free"] = {"recall": e.unmarked[0].as_dict(), "support": e.unmarked[1]}
    return out


def _counts(e: Evaluation) -> dict[str, Any]:
    pairs = {name: (hard, e.soft_counts[name]) for name, hard in e.counts.items()}
    if e.verification_count is not None and e.soft_verification_count is not None:
        pairs = {"verification": (e.verification_count, e.soft_verification_count), **pairs}
    return {
        name: {"predicted": hard.as_dict(), "summed": soft.as_dict()}
        for name, (hard, soft) in pairs.items()
    }


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.as_dict() if isinstance(v, Estimate) else v for k, v in figures.items()}
