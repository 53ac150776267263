"""While its disk or its server fails, a cache does nothing, warns once, and tries again later."""

import logging
import time

from imgmiddleware.errors.lines import in_one_line

_log = logging.getLogger("imgmiddleware")

#: Seconds without a try after a failure.
_PAUSE = 5.0
#: Seconds between two warnings, however often it comes and goes.
_QUIET = 600.0


class CircuitBreaker:
    """Whether reading and writing are tried. There is one warning an outage."""

    def __init__(self, place: str) -> None:
        """`place` is the folder or the server, as warnings name it."""
        self._place = place
        self._until: dict[str, float] = {}
        self._said = -_QUIET
        self._failing = False

    def is_open(self, what: str) -> bool:
        """Whether `what` ("reading", "writing") has just failed, so that it is not tried."""
        return self._until.get(what, 0.0) > time.monotonic()

    @property
    def is_failing(self) -> bool:
        """Whether it has failed, and nothing was written since."""
        return self._failing

    def trip(self, what: str, error: Exception) -> None:
        self._until[what] = time.monotonic() + _PAUSE
        if not self._failing:
            self.warn(f"no cache for now: {what} failed", error)
        self._failing = True

    def warn(self, text: str, error: Exception) -> None:
        if time.monotonic() - self._said >= _QUIET:
            self._said = time.monotonic()
            _log.warning("%s: %s: %s", self._place, text, in_one_line(error))

    def mend(self, what: str) -> None:
        """It works again, as a caller has found that need not wait for the next try."""
        self._until.pop(what, None)
        self.reset()

    def reset(self) -> None:
        """A write has succeeded."""
        self._failing = False
