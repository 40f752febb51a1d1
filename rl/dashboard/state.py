"""How a run stands: starting, training, complete or ended before it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rl.dashboard.pace import duration

QUIET_SECONDS = 600
"""A run whose files did not change for so long, and of which nothing else is known, has ended."""


@dataclass(frozen=True)
class Status:
    """How a run stands.

    Attributes:
        kind: ``starting``, ``training``, ``complete``, ``stopped`` (it stopped itself), ``failed``
            (no gradient) or ``interrupted``.
        text: One sentence for people.
    """

    kind: str
    text: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will come unless somebody resumes it."""
        return self.kind not in ("starting", "training")


def status_of(
    *,
    root: str,
    step: int,
    planned: int | None,
    result: Mapping[str, Any] | None,
    checkpoint: int | None,
    alive: bool | None,
    quiet: float,
) -> Status:
    """Tell how a run stands.

    Args:
        root: Its folder, for the command that resumes it.
        step: Last logged step; 0 before the first.
        planned: Steps it is to make.
        result: What came out; None while it is not complete.
        checkpoint: Step of the last whole checkpoint.
        alive: Whether a process works on it; None if that is not known.
        quiet: Seconds since one of its files changed.
    """
    if result is not None:
        if result.get("no_signal"):
            return Status("failed", str(result["no_signal"]))
        if result.get("stopped_early"):
            return Status("stopped", f"Stopped itself: {result['stopped_early']}.")
        return Status("complete", f"Complete after {result.get('steps', step)} steps.")
    if alive is False or (alive is None and quiet > QUIET_SECONDS):
        return Status("interrupted", _interrupted(root, step, checkpoint, alive, quiet))
    if not step:
        return Status("starting", "Starting: no step is logged yet.")
    of = "" if planned is None else f" of {planned}"
    return Status("training", f"Training, step {step}{of}.")


def _interrupted(
    root: str, step: int, checkpoint: int | None, alive: bool | None, quiet: float
) -> str:
    when = f"after step {step}" if step else "before the first step was logged"
    if alive is None:
        seen = f"Nothing was written for {duration(quiet)}, so it probably ended {when}"
    else:
        seen = f"It ended {when}, before it was complete, and no process works on it"
    if checkpoint is None:
        return f"{seen}; there is no checkpoint, so begin it again."
    gap = step - checkpoint
    lost = f", {gap} {'step' if gap == 1 else 'steps'} before" if gap > 0 else ""
    return (
        f"{seen}; the last whole checkpoint is that of step {checkpoint}{lost}. Resume with "
        f"suffice train --resume {root}"
    )
