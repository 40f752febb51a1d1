"""The arms of a comparison: policies × {free, each rule of a grid, oracle}, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl.evaluation.samples import Sample

BASE = "base"
"""The policy that every other one is compared with."""
CONTROL = "control"
"""The policy trained as `TRAINED` was, but on correctness alone; claims are made against it."""
LENGTH_TWIN = "length_twin"
"""The policy trained as `TRAINED` was, with a charge on length in the place of the shaped terms."""
TRAINED = "trained"

MARGIN = 0.02
"""Accuracy that a policy may lose and still count as equally accurate, unless a config says so."""

KINDS = ("free", "grid", "monitored", "oracle")
"""A policy without a rule, under one point of the grid, under its chosen rule, at its oracle stop.
"""


@dataclass(frozen=True)
class ArmRun:
    """One arm on the test split.

    Attributes:
        name: Key in the results, see `arm_name`.
        policy: Name of the policy.
        kind: One of `KINDS`.
        label: The same for a reader, e.g. ``count, limit 3``.
        samples: Its samples.
        rule: Kind and parameters of the stopping rule; None without a monitor.
        cost: What the engine spent on the arm, the fields of `EngineCost`; None if unknown.
        rule_name: Name of the rule in the config.
        runs: Names of the training runs that `samples` pools, see `rl.analysis.panels.pool`; empty
            for a single one.
        prompts: Tokens of the policy's prompt of each question; None if unknown.
        thinks: Whether the policy's thinking is left on.
    """

    name: str
    policy: str
    kind: str
    label: str
    samples: Sequence[Sample]
    rule: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None
    rule_name: str | None = None
    runs: tuple[str, ...] = ()
    prompts: Mapping[str, int] | None = None
    thinks: bool = True


def arm_name(policy: str, of: str = "") -> str:
    """Name of a policy's arm: its own for the free arm, else with what `of` names.

    The arms of `BASE` go without its name: ``monitored_count_3``, ``oracle``; those of others
    begin with theirs: ``trained_monitored_count_3``, ``trained_oracle``.
    """
    if not of:
        return policy
    return of if policy == BASE else f"{policy}_{of}"


def arm_label(policy: str, of: str) -> str:
    """What a reader calls an arm; those of `BASE` go without its name, as in `arm_name`."""
    return of if policy == BASE else f"{policy}, {of}"


def policy_names(results: Mapping[str, Any]) -> list[str]:
    """Names of the policies in the results, base first."""
    return [policy["name"] for policy in results["policies"]]


def arm_of(results: Mapping[str, Any], policy: str, kind: str) -> str | None:
    """Name of a policy's free, monitored (chosen) or oracle arm; None if it has none."""
    arms = results["arms"].items()
    return next((n for n, a in arms if a["policy"] == policy and a["kind"] == kind), None)


def reference_of(policies: Sequence[str]) -> str:
    """The policy that a shortened one is measured by: the control, or base where there is none."""
    return CONTROL if CONTROL in policies else BASE


def subject_of(policies: Sequence[str], baselines: Sequence[str] = ()) -> str:
    """The policy that a report is about first of all.

    `TRAINED`; else with a control the first of the others, which are alternatives to each other,
    and without one the last, for successive policies are named in the order they were made.

    Args:
        policies: Names of the policies.
        baselines: Those of them that need no training.

    Returns:
        One of `policies`: base if there is no other.
    """
    if TRAINED in policies:
        return TRAINED
    reference = reference_of(policies)
    trained = [name for name in policies if name not in (BASE, reference, *baselines)]
    if trained:
        return trained[0 if reference == CONTROL else -1]
    return reference if reference == CONTROL else policies[-1]


def default_claims(policies: Sequence[str], baselines: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Each policy against each one before it, the last one first, and against the baselines.

    With a control none but the control is compared with base: what training on correctness alone
    does is no work of the shaped reward. Baselines are compared with base where no policy was
    trained.

    Args:
        policies: Names of the policies.
        baselines: Those of them that need no training.
    """
    reference = reference_of(policies)
    trained = [name for name in policies if name not in (BASE, reference, *baselines)]
    if not trained and reference == BASE:
        return [(name, BASE) for name in baselines]
    pairs = [
        (a, b)
        for i, a in reversed(list(enumerate(trained)))
        for b in (reference, *trained[:i], *baselines)
    ]
    return [*pairs, (CONTROL, BASE)] if reference == CONTROL else pairs


def compared_arms(
    arms: Mapping[str, str], claims: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Pairs of arms whose differences are computed, each once.

    Args:
        arms: Policy of each arm, by the arm's name.
        claims: Pairs of policies to make claims about.

    Returns:
        Every arm against `BASE`, the reference and the free arm of its own policy; `TRAINED`
        against every other; both policies of a claim, free and under their chosen rules.
    """
    reference = reference_of(list(arms))
    pairs = [(name, other) for name in arms for other in (BASE, reference)]
    pairs += [(TRAINED, name) for name in arms if TRAINED in arms]
    pairs += [(name, policy) for name, policy in arms.items()]
    for a, b in claims:
        pairs += [(a, b), (arm_name(a, "monitored"), arm_name(b, "monitored"))]
    known = [(a, b) for a, b in pairs if a != b and a in arms and b in arms]
    return [
        (a, b) for a, b in dict.fromkeys(known) if (a, b) != (BASE, TRAINED) or (a, b) in claims
    ]
