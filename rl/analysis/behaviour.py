"""Verification behaviour of a policy: flips, selectivity, types of steps, audit columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rl.analysis.estimates import Estimate, estimate_difference, estimate_mean, estimate_ratio
from rl.analysis.panels import Panel, aligned, band_order
from rl.evaluation.samples import Sample
from tagger.novelty import KnownWords

Value = Callable[[Sample], float]


def _first_correct(s: Sample) -> float:
    return float(s.first_answer_correct is True)


def _first_incorrect(s: Sample) -> float:
    return float(s.first_answer_correct is False)


def _correct(s: Sample) -> float:
    return float(s.correct)


def _incorrect(s: Sample) -> float:
    return float(not s.correct)


def flips(panel: Panel, seed: int) -> dict[str, Any]:
    """First stated answer against final answer.

    Returns:
        ``right_to_wrong`` and ``wrong_to_right``: each ``count`` of samples, ``share`` of all
        samples, and ``rate`` among the samples whose first stated answer was (in)correct.
        ``stated`` counts the samples that state an answer at all.
    """
    weights = panel.weights(seed)
    ones = panel.totals(lambda s: 1.0)
    out: dict[str, Any] = {
        "stated": sum(s.first_answer_correct is not None for s in panel.samples),
        "samples": len(panel.samples),
    }
    for name, first, final in (
        ("right_to_wrong", _first_correct, _incorrect),
        ("wrong_to_right", _first_incorrect, _correct),
    ):
        count = panel.totals(_product(first, final))
        out[name] = {
            "count": int(count.sum()),
            "share": estimate_ratio(count, ones, weights),
            "rate": estimate_ratio(count, panel.totals(first), weights),
        }
    return out


def _verification_steps(s: Sample) -> float:
    return float(s.verification_steps)


def _verifies(s: Sample) -> float:
    return float(s.verification_steps > 0)


def _product(f: Value, g: Value) -> Value:
    return lambda s: f(s) * g(s)


def _given_first(panel: Panel, seed: int) -> dict[str, Estimate]:
    weights = panel.weights(seed)
    out: dict[str, Estimate] = {}
    rates, steps = [], []
    for condition, given in (("wrong", _first_incorrect), ("right", _first_correct)):
        base = panel.totals(given)
        checks = panel.totals(_product(given, _verification_steps))
        any_check = panel.totals(_product(given, _verifies))
        out[f"steps_if_first_{condition}"] = estimate_ratio(checks, base, weights)
        out[f"verified_if_first_{condition}"] = estimate_ratio(any_check, base, weights)
        steps.append((checks, base))
        rates.append((any_check, base))
    out["difference"] = estimate_difference(rates[0], rates[1], weights)
    out["steps_difference"] = estimate_difference(steps[0], steps[1], weights)
    return out


def _within_problem(panel: Panel, seed: int) -> dict[str, Any]:
    """Incorrect minus correct first answer, within the problems that have samples of both kinds."""
    n_incorrect, n_correct = panel.totals(_first_incorrect), panel.totals(_first_correct)
    both = (n_incorrect > 0) & (n_correct > 0)
    if not both.any():
        return {"problems": 0, "difference": {"mean": None, "low": None, "high": None}}
    wrong = panel.totals(_product(_first_incorrect, _verification_steps))[both] / n_incorrect[both]
    right = panel.totals(_product(_first_correct, _verification_steps))[both] / n_correct[both]
    weights = panel.weights_inside(both, seed)
    return {"problems": int(both.sum()), "difference": estimate_mean(wrong - right, weights)}


RISK_GROUPS = ("never wrong", "wrong in up to half", "wrong in more than half")


def risk_groups(base: Panel) -> tuple[str, ...]:
    """Group of each problem by how often the *base* policy's first stated answer is incorrect.

    A problem on which base states no answer, perhaps for want of room, is in none: an empty text.
    """
    incorrect = base.totals(_first_incorrect)
    stated = incorrect + base.totals(_first_correct)
    return tuple(
        RISK_GROUPS[0 if n == 0 else 1 if n <= 0.5 * of else 2] if of else ""
        for n, of in zip(incorrect, stated, strict=True)
    )


def selectivity(panel: Panel, base: Panel, seed: int) -> dict[str, Any]:
    """Does the policy verify more where its first answer is likelier incorrect?

    Three views: given its own first answer (overall and per band), where ``difference`` is the rate
    of verification if that is incorrect less the rate if it is correct; the same within a problem,
    where difficulty cannot explain it; and by how often the base policy errs first on the
    problem, which no sample of this arm had a part in (unless the arm is the base itself).
    """
    panel, base = aligned(panel, base)
    groups = np.array(risk_groups(base))
    checks = panel.per_problem(_verification_steps)
    by_risk = {}
    for group in RISK_GROUPS:
        inside = groups == group
        if inside.any():
            weights = panel.weights_inside(inside, seed)
            by_risk[group] = {
                "problems": int(inside.sum()) // panel.runs,
                "verification_steps": estimate_mean(checks[inside], weights, 0.0),
            }
    return {
        **_given_first(panel, seed),
        "within_problem": _within_problem(panel, seed),
        "by_base_risk": by_risk,
        "bands": {band: _given_first(panel.only(band), seed) for band in band_order(panel.bands)},
    }


def by_type(samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Mean steps and tokens a sample for each type: ``{type: {"steps", "tokens"}}``."""
    out: dict[str, dict[str, float]] = {}
    for sample in samples:
        for step in sample.steps:
            row = out.setdefault(step.type, {"steps": 0.0, "tokens": 0.0})
            row["steps"] += 1 / len(samples)
            row["tokens"] += step.tokens / len(samples)
    return {t: {k: round(v, 6) for k, v in out[t].items()} for t in sorted(out)}


def audit(panel: Panel, seed: int, known_words: KnownWords | None = None) -> dict[str, Estimate]:
    """The audit columns: what a policy that games the tagger would move.

    Args:
        panel: Samples of an arm.
        seed: Of the bootstrap.
        known_words: Of the tagger's training data.

    Returns:
        ``steps_per_1k`` thinking tokens, ``step_tokens`` (mean step length), ``confidence``
        (mean over steps), ``keywords`` a sample, ``verification_steps`` a sample by the tagger,
        ``outside_verification`` those outside the thinking, where they cost nothing by default,
        ``audit_verification`` a sample by the audit tagger (None without one), and ``unfamiliar``,
        the share of steps unlike the tagger's training data (None where its words are not known).
    """
    weights = panel.weights(seed)
    steps = panel.totals(lambda s: float(len(s.steps)))
    step_tokens = panel.totals(lambda s: float(sum(t.tokens for t in s.steps)))
    ones = panel.totals(lambda s: 1.0)
    out: dict[str, Estimate] = {
        "steps_per_1k": estimate_ratio(steps * 1000, step_tokens, weights),
        "step_tokens": estimate_ratio(step_tokens, steps, weights),
        "confidence": estimate_ratio(
            panel.totals(lambda s: sum(t.confidence for t in s.steps)), steps, weights
        ),
        "keywords": estimate_ratio(panel.totals(lambda s: float(s.keywords)), ones, weights),
        "verification_steps": estimate_mean(panel.per_problem(_verification_steps), weights, 0.0),
        "outside_verification": estimate_mean(
            panel.per_problem(lambda s: float(s.outside_verification)), weights, 0.0
        ),
        "audit_verification": {"mean": None, "low": None, "high": None},
        "unfamiliar": {"mean": None, "low": None, "high": None},
    }
    if known_words is not None:
        unlike = panel.totals(lambda s: float(known_words.unfamiliar(t.text for t in s.steps)))
        out["unfamiliar"] = estimate_ratio(unlike, steps, weights)
    if all(s.audit_verification is not None for s in panel.samples):
        out["audit_verification"] = estimate_mean(
            panel.per_problem(lambda s: float(s.audit_verification or 0)), weights, 0.0
        )
    return out
