"""What a run logged, to be held against another run."""

from __future__ import annotations

import json
from pathlib import Path

TIMINGS = ("step_time", "timing/", "memory/")


def lines_without_timings(metrics: Path) -> list[str]:
    """The lines of a run's metrics; as text, for a NaN equals no NaN."""
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    return [json.dumps({k: v for k, v in r.items() if not k.startswith(TIMINGS)}) for r in rows]
