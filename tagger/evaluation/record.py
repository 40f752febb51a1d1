"""An evaluation as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tagger.evaluation.bootstrap import Estimate

if TYPE_CHECKING:
    from tagger.evaluation.figures import Evaluation

FORMAT = 1


def record(e: Evaluation) -> dict[str, Any]:
    """Every figure as ``{mean, low, high}``.

    Args:
        e: The evaluation.

    Returns:
        A JSON-able object. Biases of counts are shares of the true count (0.1 is 10 % too many);
        ``count_bias`` is that of verification, from the types given, as the reward counts them.
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
        "verification_types": list(e.checks),
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
        "count_bias": None if e.check_count is None else e.check_count.bias.as_dict(),
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
    if e.check_count is not None and e.soft_check_count is not None:
        pairs = {"verification": (e.check_count, e.soft_check_count), **pairs}
    return {
        name: {"given": hard.as_dict(), "summed": soft.as_dict()}
        for name, (hard, soft) in pairs.items()
    }


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.as_dict() if isinstance(v, Estimate) else v for k, v in figures.items()}
