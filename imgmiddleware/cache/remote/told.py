"""The common part of both stores behind a network: late purges, and the question for the era."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.cache.store import Era

C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)
R = TypeVar("R")


class Link(Protocol[C_co]):
    """The way to a store: its calls raise nothing, and return the default where the store fails."""

    def read(self, call: Callable[[C_co], R], default: R) -> R: ...
    def write(self, call: Callable[[C_co], R], default: R) -> R: ...
    def is_up(self) -> bool: ...
    def warn(self, text: str) -> None: ...
    def close(self) -> None: ...


class Told(Forkable, Generic[C]):
    """A store's knowledge of its server's era, and the purges that the server has not been told
    yet.

    `ask` sets the era, and `purged` removes all results with a tag, by the client of a call.
    """

    _link: Link[C]
    _asks_always: bool

    def _begin(self) -> None:
        self._era: bytes | None = None
        self._untold: set[str] = set()

    def is_up(self) -> bool:
        """Whether the server answered the last call."""
        return self._link.is_up()

    def era(self) -> Era:
        if self._era is None or self._asks_always:
            self._link.read(self._ask, None)
        return self._era

    def close(self) -> None:
        """Close the link; it is opened again when it is needed again."""
        self._link.close()
        self._begin()

    def _noted(self, tag: str, count: int | None) -> int:
        """The number of results that a purge removed; None: the server is told later."""
        if count is None:
            self._untold.add(tag)
        return count or 0

    def _tell(self, client: C) -> None:
        """Tell the server the purges that it missed."""
        for tag in list(self._untold):
            self._purged(client, tag)
            self._untold.discard(tag)

    def _ask(self, client: C) -> None:
        raise NotImplementedError

    def _purged(self, client: C, tag: str) -> int:
        raise NotImplementedError
