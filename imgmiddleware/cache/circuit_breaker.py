"""What a cache does while its disk fails: nothing, said once, and another try a while later."""

from __future__ import annotations

import logging
import time

_log = logging.getLogger("imgmiddleware")

#: Seconds without a try after a failure.
_PAUSE = 5.0
#: Seconds in which nothing is said twice, however often the disk comes and goes.
_QUIET = 600.0


class CircuitBreaker:
    """Whether something on the disk works. One warning an outage."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._until: dict[str, float] = {}
        self._said = -_QUIET
        self._failing = False

    def is_open(self, what: str) -> bool:
        """Whether `what` ("reading", "writing") failed a moment ago and is not tried."""
        return self._until.get(what, 0.0) > time.monotonic()

    def trip(self, what: str, error: Exception) -> None:
        self._until[what] = time.monotonic() + _PAUSE
        if not self._failing:
            self.warn(f"no cache for now: {what} failed", error)
        self._failing = True

    def warn(self, text: str, error: Exception) -> None:
        if time.monotonic() - self._said >= _QUIET:
            self._said = time.monotonic()
            _log.warning("%s: %s: %s", self._folder, text, error)

    def reset(self) -> None:
        """Something was written."""
        self._failing = False
