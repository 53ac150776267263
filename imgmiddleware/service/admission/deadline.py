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

#: Seconds between two looks at whether the client of who waits is still there.
_LOOK_EVERY = 0.1


class ClientGoneError(Exception):
    """The client has hung up while its request waited: there is nobody to answer.

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
    """Until when one request may wait; `gone` tells whether its client has hung up.

    `original` is what it waits for a picture of: those who wait for one take turns with the others.
    """

    def __init__(self, seconds: float, gone: Callable[[], bool], original: Hashable = None) -> None:
        self._until = time.monotonic() + seconds
        self.gone = gone
        self.original = original

    def heeding(self, gone: Callable[[], bool]) -> "Deadline":
        """The same, for as long as others listen."""
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
    """How many requests may wait at once: for a slot, another's render or another process.

    Those that are to be made of one original take three fourths of the places at most. Whoever
    waits for what another makes costs the others no slot, and is counted in all alone.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        super().__init__()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[Hashable] = Counter()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        with self._lock:
            return self._taken.total()

    @contextmanager
    def taken(self, original: Hashable = None) -> Iterator[None]:
        """One of the places. Raises `ImageError` (503) where none is free: to be told at once to
        come back is worth more than a place behind hundreds of others.
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
    """What `look` finds. It is called again and again, for what another process has done; in
    between `wait` is, with the seconds that it may take.

    Raises what `Deadline.check` and `WaitLimit.taken` raise.
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
    """What is raised for want of memory, by whatever library, is the refusal of load: 503."""
    try:
        yield
    except Exception as error:
        if short_of_memory(error):
            detail = "there was not enough memory; ask again in a second"
            raise ImageError("busy", detail) from error
        raise


def overdue(seconds: float, who: str = "the source") -> ImageError:
    """The refusal of a source, or of whoever is asked, that is too slow: 503, ask again."""
    unit = "second" if seconds == 1 else "seconds"
    detail = f"{who} has not answered within {seconds:g} {unit}; ask again"
    return ImageError("source-unavailable", detail)


def busy() -> ImageError:
    """The refusal of load: 503, ask again."""
    return ImageError("busy", "too many pictures are being made; ask again in a second")
