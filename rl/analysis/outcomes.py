"""What became of an arm's samples, and the warnings that follow from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rewards.facts.outcomes import Outcome, Outcomes, count_outcomes, readable_answer
from rl.analysis.signal import Mismatch, Setting, diagnose, join
from rl.evaluation.samples import Sample
from tagger.novelty import MANY_UNFAMILIAR

NO_SIGNAL_SHARE = 0.2
"""Share from which a cause is named where no answer at all is correct."""
MOVED = 0.1
"""Verification steps an answer outside the thinking, more than the reference's, that are told."""


def outcome_of_sample(sample: Sample, limit: int | None) -> Outcome:
    """What became of one sample.

    Args:
        sample: The sample.
        limit: Most tokens of a completion; None counts every unfinished sample as cut off.
    """
    ended = sample.finished or (limit is not None and sample.tokens < limit)
    closed = sample.finished or bool(sample.answer.strip())
    return Outcome(
        ended=ended,
        thought=closed and bool(sample.thinking.strip()),
        answered=bool(readable_answer(sample.answer, sample.reference)),
        correct=sample.correct,
    )


def count_samples(samples: Sequence[Sample], limit: int | None) -> Outcomes:
    """Count what became of samples; `limit` as for `outcome_of_sample`."""
    return count_outcomes(outcome_of_sample(s, limit) for s in samples)


def warnings_of(
    arms: Mapping[str, Sequence[Sample]], limit: int | None, silent: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Say of which policies the samples carry no or little signal, and why.

    Args:
        arms: Samples of the free arms, by policy; monitored arms are the same policies, stopped.
        limit: Most tokens of a completion.
        silent: Those whose thinking is switched off; that they hold none is no cause.

    Returns:
        One ``{name, arm, text}`` an arm: ``no_signal`` if none of its answers is correct,
        ``weak_signal`` if at least half of its samples were cut off, hold no thinking or no
        answer.
    """
    found = []
    for arm in arms:
        outcomes = count_samples(arms[arm], limit)
        lost = outcomes.correct == 0
        setting = Setting(limit=limit, mismatch=_mismatch(arms[arm], limit))
        found_causes = diagnose(outcomes, setting, *([NO_SIGNAL_SHARE] if lost else []))
        causes = [c for c in found_causes if c.name != "no_thinking" or arm not in silent]
        if lost:
            text = f"{arm}: no signal, none of {outcomes.rollouts} completions is correct."
            found.append(
                {"name": "no_signal", "arm": arm, "text": f"{text} {join(causes)}".rstrip()}
            )
        elif causes:
            found.append({"name": "weak_signal", "arm": arm, "text": f"{arm}: {join(causes)}"})
    return found


def moved_outside(
    name: str, measures: Mapping[str, Any], reference: str, usual: Mapping[str, Any]
) -> str:
    """A sentence if a policy verifies outside its thinking more than its reference does, else "".

    A charge on the steps of the thinking is evaded by closing it early and verifying in the answer;
    the figures of the thinking then look better than the policy is.

    Args:
        name: What the policy is called.
        measures: Holds the estimates ``outside_verification`` and ``verification_steps``.
        reference: What its reference, the control if there is one, is called.
        usual: Holds those of the reference.
    """
    if not verifies_outside(measures, usual):
        return ""
    steps, before = (one["outside_verification"]["mean"] for one in (measures, usual))
    return (
        f"{name}: {steps:.2f} verification steps an answer stand outside the thinking"
        f" ({reference}: {before:.2f}), besides {measures['verification_steps']['mean']:.2f} in it;"
        " if the reward charges the thinking alone, they went where they cost nothing (scope:"
        " completion charges them too; in place of after_answer, completion_after_answer does)."
    )


def verifies_outside(measures: Mapping[str, Any], usual: Mapping[str, Any]) -> bool:
    """Whether a policy verifies outside its thinking so much more than its reference; as above."""
    steps, before = (float(one["outside_verification"]["mean"]) for one in (measures, usual))
    return steps - before >= MOVED


def unfamiliar_steps(arms: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One ``{name, arm, text}`` on the arms that the tagger hardly knows the steps of, or none.

    What rises against another policy is a claim's; here it is the share itself, be it every arm's.

    Args:
        arms: Measures of the free and monitored arms, by name.
    """
    said, first, stops = [], "", False
    for name, arm in arms.items():
        share = arm["audit"]["unfamiliar"]["mean"]
        if share is None or share < MANY_UNFAMILIAR:
            continue
        monitored = arm["kind"] == "monitored"
        said.append(f"{share * 100:.0f} % of {arm['policy']}{' + monitored' * monitored}")
        first, stops = first or name, stops or monitored
    if not said:
        return []
    text = (
        f"Steps unlike the tagger's training data: {', '.join(said)}. Their types may be wrong, and"
        f" with them the counts of verification{' and the stops that rest on them' * stops}."
    )
    return [{"name": "unfamiliar", "arm": first, "text": text}]


def _mismatch(samples: Sequence[Sample], limit: int | None) -> Mismatch | None:
    for sample in samples:
        outcome = outcome_of_sample(sample, limit)
        if outcome.ended and outcome.answered and not outcome.correct:
            return Mismatch(readable_answer(sample.answer, sample.reference), sample.reference)
    return None
