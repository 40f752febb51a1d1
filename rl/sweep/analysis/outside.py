"""Verification that settings moved out of the thinking, where a charge may not reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rl.analysis.outcomes import moved_outside

_MEANS = ("outside_verification", "verification_steps")


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
    usual = _means(control)
    for one in settings:
        means = _means(one)
        if text := moved_outside(one["label"], means, control["label"], usual):
            row = {"setting": one["name"], "steps": means["outside_verification"], "text": text}
            rows.append(row)
    return rows


def _means(one: Mapping[str, Any]) -> dict[str, float]:
    return {key: one[key]["mean"] for key in _MEANS}
