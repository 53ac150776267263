"""The time of day, but never earlier than before: a clock that is set back changes no order."""

import time


class Clock:
    """Nanoseconds since 1970. Each is later than all before, and than those that were heard."""

    def __init__(self) -> None:
        self._last = 0

    def hear(self, known: int) -> None:
        """Take note of the time of another clock."""
        self._last = max(self._last, known)

    def now(self) -> int:
        self._last = now = max(time.time_ns(), self._last + 1)
        return now
