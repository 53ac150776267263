"""How long a request may wait, and how many may wait at once."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.cache.store import pause
from imgmiddleware.errors import ImageError, short_of_memory

R = TypeVar("R")

#: Seconds between two checks whether the client of a waiting request is still there.
_LOOK_EVERY = 0.1


class ClientGoneError(Exception):
    """The client has hung up while its request waited, so there is no client to answer.

    >>> import numpy as np
    >>> from imgmiddleware import ClientGoneError, ImageRequest, ImageService
    >>> service = ImageService(lambda id: np.zeros((300, 400), np.uint8))
    >>> try:
    ...     service.handle(ImageRequest("GET", "/image/black"), gone=lambda: True)
    ... except ClientGoneError:
    ...     print("gone")
    gone
    """


class Deadline:
    """The time until which one request may wait; `gone` tells whether its client has hung up.

    `original` is the original of its picture: the requests for one original take turns with the
    others.
    """

    def __init__(self, seconds: float, gone: Callable[[], bool], original: Hashable = None) -> None:
        self._until = time.monotonic() + seconds
        self.gone = gone
        self.original = original

    def heeding(self, gone: Callable[[], bool]) -> "Deadline":
        """The same deadline, for as long as other requests wait too."""
        return Deadline(self.left, gone, self.original)

    def check(self) -> None:
        """Raises `ClientGoneError`, or `ImageError` (503) where the time is over."""
        if self.gone():
            raise ClientGoneError
        if time.monotonic() > self._until:
            raise busy()

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self._until - time.monotonic())


class WaitLimit(Forkable):
    """The number of requests that may wait at once: for a slot, another's render or another
    process.

    Requests that would render one original take three fourths of the places at most. A request that
    waits for another's render costs no slot, and only the total bounds it.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[Hashable] = Counter()

    @property
    def waiting(self) -> int:
        """The number of requests that wait now."""
        with self._lock:
            return self._taken.total()

    @contextmanager
    def taken(self, original: Hashable = None) -> Iterator[None]:
        """One of the places. Raises `ImageError` (503) where none is free: a client that is told at
        once to come back is better off than behind hundreds of others.
        """
        with self._lock:
            if not self._has_place(original):
                raise busy()
            self._taken[original] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[original] -= 1
                if not self._taken[original]:
                    del self._taken[original]

    def _has_place(self, original: Hashable) -> bool:
        if self._taken.total() >= self._most:
            return False
        share = self._most - self._most // 4
        return original is None or self._taken[original] < share


def polled(
    look: Callable[[], R | None],
    limit: WaitLimit,
    deadline: Deadline,
    wait: Callable[[float], None] = pause,
) -> R:
    """The value that `look` finds. This calls `look` again and again, as another process does the
    work. In between it calls `wait` with the seconds that it may take.

    Raises the errors of `Deadline.check` and `WaitLimit.taken`.
    """
    found = look()
    if found is not None:
        return found
    with limit.taken():
        while (found := look()) is None:
            deadline.check()
            wait(_LOOK_EVERY)
    return found


@contextmanager
def memory_needed() -> Iterator[None]:
    """Refuses with 503 for load where any library lacks memory."""
    try:
        yield
    except Exception as error:
        if short_of_memory(error):
            detail = "there was not enough memory; ask again in a second"
            raise ImageError("busy", detail) from error
        raise


def overdue(seconds: float, who: str = "the source") -> ImageError:
    """The refusal where the source, or another party, is too slow: 503, ask again."""
    unit = "second" if seconds == 1 else "seconds"
    detail = f"{who} has not answered within {seconds:g} {unit}; ask again"
    return ImageError("source-unavailable", detail)


def busy() -> ImageError:
    """The refusal of load: 503, ask again."""
    return ImageError("busy", "too many pictures are being made; ask again in a second")
