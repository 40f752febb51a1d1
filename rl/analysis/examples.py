"""Three example traces before and after, picked by rule so that nobody picks the pretty ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rl.analysis.panels import band_order
from rl.evaluation.samples import Sample

NO_BAND = "all"
"""The band of samples of problems without one, as `rl.evaluation.evaluate` writes it."""


def _trace(sample: Sample) -> dict[str, Any]:
    return {
        "sample": sample.sample,
        "steps": [
            {"text": s.text, "type": s.type, "confidence": round(s.confidence, 4),
             "tokens": s.tokens}
            for s in sample.steps
        ],
        "answer": sample.answer,
        "correct": sample.correct,
        "finished": sample.finished,
        "tokens": sample.tokens,
        "verification_steps": sample.verification_steps,
    }  # fmt: skip


def _example(
    reason: str, before: Sample, after: Sample | None, name: str = "trained"
) -> dict[str, Any]:
    return {
        "reason": reason,
        "problem_id": before.problem_id,
        "band": before.band,
        "question": before.question,
        "reference": before.reference,
        "base": _trace(before),
        "policy": name if after else None,
        "trained": _trace(after) if after else None,
    }


def _middle(pairs: Sequence[tuple[Sample, Sample]]) -> tuple[Sample, Sample]:
    """The pair whose saving is the median."""
    ranked = sorted(pairs, key=lambda p: (p[0].tokens - p[1].tokens, p[0].problem_id, p[0].sample))
    return ranked[len(ranked) // 2]


def _problem(band: str) -> str:
    return "problem" if band == NO_BAND else f"{band} problem"


def choose_examples(
    base: Sequence[Sample], trained: Sequence[Sample], name: str = "trained"
) -> list[dict[str, Any]]:
    """Pick at most three sample pairs, always by the same rule.

    1. In the easiest band, both correct: the pair with the median saving of tokens.
    2. In the hardest band that has one, trained correct and still verifying: the median saving.
    3. Base correct and trained incorrect, the price paid: the median saving.

    Without a trained arm: base's median sample of each band.

    Args:
        base: Samples of the base policy.
        trained: Samples of the policy to compare it with; empty without one.
        name: That policy's name.

    Returns:
        Objects with ``reason``, the problem, ``base`` and ``trained`` traces, and ``policy``, the
        name of the policy that ``trained`` is of.
    """
    if not trained:
        out = []
        for band in band_order([s.band for s in base])[:3]:
            inside = sorted(
                (s for s in base if s.band == band), key=lambda s: (s.tokens, s.problem_id)
            )
            of_band = "" if band == NO_BAND else f", {band}"
            out.append(_example(f"median length{of_band}", inside[len(inside) // 2], None))
        return out
    after = {(s.problem_id, s.sample): s for s in trained}
    pairs = [(b, after[b.problem_id, b.sample]) for b in base if (b.problem_id, b.sample) in after]
    bands = band_order([s.band for s in base])
    rules = [
        (
            f"{_problem(bands[0])}, both correct: the median saving",
            [p for p in pairs if p[0].band == bands[0] and p[0].correct and p[1].correct],
        ),
        *(
            (
                f"{_problem(band)}, {name} correct and still verifying: the median saving",
                [
                    p
                    for p in pairs
                    if p[0].band == band and p[1].correct and p[1].verification_steps > 0
                ],
            )
            for band in reversed(bands)
        ),
        (
            f"base correct, {name} incorrect: what it can cost",
            [p for p in pairs if p[0].correct and not p[1].correct],
        ),
    ]
    out, taken, checking = [], set(), False
    for reason, choices in rules:
        still_checking = "still verifying" in reason
        free = [p for p in choices if p[0].problem_id not in taken]
        if not free or (still_checking and checking):
            continue
        checking = checking or still_checking
        before, now = _middle(free)
        taken.add(before.problem_id)
        out.append(_example(reason, before, now, name))
    return out
