"""The queue for a slot: originals take turns, so that none of them has it for itself."""

import threading
from collections import OrderedDict, deque
from collections.abc import Hashable


class FairQueue:
    """Events of threads that wait, in the order in which they are to be let in.

    It is fair queuing by round robin (J. Nagle, RFC 970): first the first thread of each original,
    then the second of each. An original goes behind all others each time one of its threads is let
    in, so no thread waits for ever however many others come. For the threads that hold one lock.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[Hashable, deque[threading.Event]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def first(self) -> threading.Event | None:
        """The thread whose turn it is, by its event."""
        return next(iter(self._waiting.values()))[0] if self._waiting else None

    def join(self, original: Hashable) -> threading.Event:
        """A place in the queue: an event that the other threads set."""
        mine = threading.Event()
        self._waiting.setdefault(original, deque()).append(mine)
        return mine

    def leave(self, original: Hashable, mine: threading.Event) -> None:
        """Give the place up. If it was its turn, the next turn is another original's."""
        places = self._waiting[original]
        had_turn = self.first is mine
        places.remove(mine)
        if not places:
            del self._waiting[original]
        elif had_turn:
            self._waiting.move_to_end(original)
