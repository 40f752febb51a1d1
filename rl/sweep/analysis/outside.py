"""Verification that settings moved out of the thinking, where a charge may not reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.outcomes import moved_outside


def outside_thinking(
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
    rows = []
    for one in settings:
        if text := moved_outside(one["label"], one, control["label"], control):
            steps = one["outside_verification"]["mean"]
            rows.append({"setting": one["name"], "steps": steps, "text": text})
    return rows


def rival_of(results: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the settings of a sweep are compared with: a setting, or a policy there before.

    Args:
        results: The content of ``results.json``.
    """
    every: tuple[Mapping[str, Any], ...] = (*results["settings"], *results["references"].values())
    return next(one for one in every if one["name"] == results["control"])
