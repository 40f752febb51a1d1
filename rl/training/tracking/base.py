"""What a run tells a tracker besides the metrics, which transformers' own callbacks send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

Record = Mapping[str, Any]
"""A rollout that the run kept; see `rl.training.records.rollouts`."""


class Tracker(Protocol):
    """One place that a run reports to."""

    def begin(self, provenance: Mapping[str, Any]) -> None:
        """Take what the run is made of: config, fingerprints, commit, versions."""
        ...

    def metrics(self, step: int, logs: Mapping[str, float]) -> None:
        """Take a step's metrics, to show again what belongs together."""
        ...

    def completions(self, step: int, records: Sequence[Record]) -> None:
        """Take rollouts with the types of their steps."""
        ...

    def end(self, metrics: Path) -> None:
        """Training has ended; take the file with all metrics."""
        ...


GROUPS: Mapping[str, Sequence[str]] = {
    "steps by type": ("facts/count/",),
    "tokens by type": ("facts/tokens/",),
    "weights": ("weight/",),
    "audit": (
        "facts/count/VERIFY",
        "facts/audit_verification",
        "facts/keywords",
        "facts/steps_per_1k",
        "facts/step_length",
        "facts/confidence",
        "facts/unfamiliar",
    ),
}
"""Panels: what is shown together, by key or, with a slash at the end, by the beginning of keys."""


def grouped(logs: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The metrics of each panel of `GROUPS` that the logs have any of, by the end of their key."""
    found: dict[str, dict[str, float]] = {}
    for panel, keys in GROUPS.items():
        for key, value in logs.items():
            inside = any(key.startswith(k) if k.endswith("/") else key == k for k in keys)
            if inside and isinstance(value, int | float):
                found.setdefault(panel, {})[key.rpartition("/")[2]] = float(value)
    return found
