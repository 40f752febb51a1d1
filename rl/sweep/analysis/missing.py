"""What is missing from a sweep's results, told with them: runs, and above all control's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def unfinished(runs: Sequence[Mapping[str, Any]], complete: bool) -> str:
    """How many runs are done, in words.

    Args:
        runs: Those that are known, each with its ``state``.
        complete: Whether every run is done or failed, and there will be no more.

    Returns:
        A sentence without its end; empty if all runs are done.
    """
    states = [run["state"] for run in runs]
    done, failed = states.count("done"), states.count("failed")
    if complete and not failed:
        return ""
    lost = f", {failed} failed" if failed else ""
    return f"{done} of {len(runs)} runs done{lost}, {'complete' if complete else 'not complete'}"


def not_yet(states: Sequence[str], base: str) -> str:
    """That there is nothing to report before base is sampled, which all settings are held against.

    Args:
        states: Of the runs that are known: ``done``, ``failed`` or ``waiting``.
        base: State of base.

    Returns:
        A sentence; empty if base is sampled, or is not going to be.
    """
    if base != "waiting":
        return ""
    runs = unfinished([{"state": state} for state in states], complete=False)
    return f"Nothing to show yet: {runs}, and base is not sampled, which a worker does first."


def missing_control(control: str, states: Sequence[str], rival: Mapping[str, Any]) -> str:
    """That what settings should be held against has no results.

    Args:
        control: The arm or policy that is control.
        states: Of its runs: ``done``, ``failed`` or ``waiting``.
        rival: What settings are held against instead.

    Returns:
        A sentence; empty if one of its runs is done.
    """
    if "done" in states:
        return ""
    why = "failed" if set(states) == {"failed"} else "is not done yet"
    return (
        f"The control, {control}, {why}: settings are held against {rival['label']}, and none is"
        " recommended."
    )
