"""When to report the progress of a long computation, and its rate."""

from __future__ import annotations

import time

_SECONDS = 20.0


class Progress:
    """Counts work and tells, every 20 seconds, how fast it goes."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._count = 0

    def add(self, count: int) -> float | None:
        """Count work that is done, steps or tokens.

        Returns:
            Work per second since the last report if one is due, else None.
        """
        self._count += count
        now = time.monotonic()
        if now - self._last <= _SECONDS:
            return None
        rate = self._count / (now - self._last)
        self._last, self._count = now, 0
        return rate
