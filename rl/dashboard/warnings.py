"""What a run's own metrics warn of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rl.dashboard.series import curve
from rl.training.card.shown_by_run import WINDOW
from tagger.novelty import MANY_UNFAMILIAR

STREAK = 3
"""Logged steps in a row without spread from which it is said."""
LAST = 3
"""Warnings of the log that are shown."""
_MARK = "suffice: WARNING: "
MOST_CUT = 0.25
"""Share of completions cut off by the length limit from which it is said."""


def warnings_of(
    rows: Sequence[Mapping[str, Any]], config: Mapping[str, Any], damaged: int = 0
) -> list[str]:
    """Sentences on what the last rows show that a user should act on.

    Args:
        rows: The metrics.
        config: The run's config.
        damaged: Complete lines of the metrics file that could not be read.
    """
    found = []
    if damaged:
        lines = "line" if damaged == 1 else "lines"
        found.append(f"{damaged} {lines} of metrics.jsonl cannot be read and are left out.")
    if not rows:
        return found
    last = rows[-1]
    streak = _streak(rows)
    if streak >= STREAK:
        found.append(
            f"No gradient in the last {streak} logged steps: rewards were equal in every group."
        )
    cut = last.get("completions/clipped_ratio")
    if isinstance(cut, int | float) and cut >= MOST_CUT:
        limit = (config.get("grpo") or {}).get("max_completion_length")
        at = f" ({limit} tokens)" if limit else ""
        found.append(
            f"{cut:.0%} of the completions of step {last['step']} were cut off by "
            f"grpo.max_completion_length{at}."
        )
    shares = curve(rows[-WINDOW:], "facts/unfamiliar", "", "").values
    if shares and (share := sum(shares) / len(shares)) >= MANY_UNFAMILIAR:
        found.append(
            f"{share:.0%} of the steps of the last {len(shares)} logged steps are unlike the "
            "tagger's training data; their types, which the reward reads, may be wrong."
        )
    for key in ("loss", "grad_norm", "reward"):
        value = last.get(key)
        if isinstance(value, int | float) and not math.isfinite(value):
            found.append(f"{key} is {value} at step {last['step']}.")
    return found


def _streak(rows: Sequence[Mapping[str, Any]]) -> int:
    """Last rows in a row in which no group had a spread."""
    count = 0
    for row in reversed(rows):
        if row.get("signal/equal_rewards") != 1.0:
            break
        count += 1
    return count


def logged_warnings(log: Path) -> list[str]:
    """The last warnings that the run printed, each once.

    Args:
        log: Log of the main process; it may not be there.
    """
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - _READ))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    found = [line.partition(_MARK)[2] for line in text.splitlines() if _MARK in line]
    return list(dict.fromkeys(reversed(found)))[:LAST][::-1]


_READ = 200_000
"""Bytes at the end of a log that are looked through."""
