"""Whether a comparison holds enough to settle a claim: problems, finished answers, spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MIN_PROBLEMS = 20
"""Fewest problems on which a claim is settled: below, a bootstrap interval over problems is too
narrow to be trusted."""
MIN_BAND_PROBLEMS = 10
"""The same for a claim about a part of the problems."""
MIN_FINISHED = 0.5
"""Smallest share of finished answers: below, an arm is measured by where it was cut off."""


def too_few(problems: int, least: int = MIN_PROBLEMS, which: str = "problems") -> str | None:
    """Why a number of problems is too small; None if it is not."""
    if problems >= least:
        return None
    return f"{problems} {which}, a claim needs at least {least}"


def unfinished(arms: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Why an arm's answers are too seldom finished; None if they are not.

    Args:
        arms: Measures by arm, as under ``arms`` in the results.
        names: The arms a claim is about.
    """
    for name in names:
        finished = arms[name]["finished"]["mean"]
        if finished is not None and finished < MIN_FINISHED:
            return (
                f"only {finished * 100:.0f} % of the answers of {name} are finished, a claim needs"
                f" at least {MIN_FINISHED * 100:.0f} %"
            )
    return None


def never_correct(arms: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Why accuracy says nothing: no arm has a correct answer; None if one has."""
    if any(arms[name]["accuracy"]["mean"] for name in names):
        return None
    return f"no answer of {' or '.join(names)} is correct"


def no_spread(estimates: Iterable[Mapping[str, Any]]) -> str | None:
    """Why estimates carry no doubt that could be measured; None if one of them does.

    Args:
        estimates: With ``low`` and ``high``; an interval of no width, or none at all, comes from
            problems that all say the same.
    """
    for estimate in estimates:
        if estimate["low"] is not None and estimate["low"] < estimate["high"]:
            return None
    return "all problems say the same, so no interval can be given"


def shortfall(results: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """Why no claim about these arms can be settled; None if there is enough."""
    return too_few(results["problems"]["count"]) or unfinished(results["arms"], names)
