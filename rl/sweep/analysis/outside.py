"""Verification that a setting moved out of the thinking, where a charge may not reach it.

`step_count` charges the steps of the thinking unless its scope is the completion. A policy can
close its thinking early and go on verifying in its answer; the figures of the thinking then look
better than the policy is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOVED = 0.1
"""Verification steps an answer outside the thinking, more than control's, that are told."""


def moved_outside(
    settings: Sequence[Mapping[str, Any]], control: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The settings that verify outside the thinking more than control does.

    Args:
        settings: As in the results of a sweep.
        control: The setting or policy they are compared with.

    Returns:
        A row for each: ``setting``, ``steps`` (verification steps an answer outside the thinking)
        and ``text``, a sentence.
    """
    usual = control["outside_verification"]["mean"]
    rows = []
    for one in settings:
        steps = one["outside_verification"]["mean"]
        if steps - usual >= MOVED:
            text = (
                f"{one['label']}: {steps:.2f} verification steps an answer stand outside the"
                f" thinking ({control['label']}: {usual:.2f}), beside"
                f" {one['verification_steps']['mean']:.2f} in it; if the reward charges the"
                " thinking alone, they went where they cost nothing (scope: completion charges"
                " them too)."
            )
            rows.append({"setting": one["name"], "steps": steps, "text": text})
    return rows
