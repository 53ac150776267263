"""The time of day, for an order that the clock's own steps backwards do not change."""

from __future__ import annotations

import time


class Clock:
    """Nanoseconds since 1970, each reading later than all before and than what was heard of."""

    def __init__(self) -> None:
        self._last = 0

    def hear(self, known: int) -> None:
        """Another clock said so."""
        self._last = max(self._last, known)

    def now(self) -> int:
        self._last = now = max(time.time_ns(), self._last + 1)
        return now
