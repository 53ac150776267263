"""The pool: the workers of one process, each of which keeps the originals that it has decoded.

A worker holds its decoded originals. So a request for the same original gets the same worker, if
that is idle, and otherwise any other one. No request ever queues behind a worker.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager

from imgmiddleware.cache.forks import Forkable
from imgmiddleware.isolation.channel import ClosedError
from imgmiddleware.isolation.worker import Worker

#: The number of originals whose workers are remembered.
_MOST_PLACES = 4096


class Pool(Forkable):
    """Workers, started when they are needed. As many are in use at once as there are callers."""

    def __init__(self, start: Callable[[], Worker]) -> None:
        self._start = start
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        super().__init__()

    def _begin(self) -> None:
        for inherited in (*self._idle, *self._busy):
            inherited.let_go()
        self._lock = threading.Lock()
        self._idle = []  # the last one was used last
        self._busy = set()
        self._places: OrderedDict[Hashable, Worker] = OrderedDict()
        self._forgotten: dict[Worker, list[str]] = {}

    @contextmanager
    def taken(self, places: Sequence[Hashable]) -> Iterator[Worker]:
        """A worker: the one that was taken for the first of these places, or any.

        The worker is ended where anything but a refusal is raised inside. Raises `StartError`.
        """
        while (worker := self._pick(places)) and not worker.is_alive():
            self.end(worker)  # it was killed, as when the system is short of memory
        worker = worker or self._started()
        try:
            self._forget_in(worker)
            yield worker
        except BaseException:
            self.end(worker)
            raise
        self._give_back(worker, places)

    def has(self, place: Hashable) -> bool:
        """Whether there is a worker that was taken for this place before."""
        return place in self._places

    @property
    def workers(self) -> list[Worker]:
        """All present workers."""
        with self._lock:
            return [*self._idle, *self._busy]

    def forget(self, tag: str) -> None:
        """Have all workers forget an original: idle ones now, the others when next taken."""
        with self._lock:
            idle, self._idle = self._idle, []
            for worker in (*idle, *self._busy):
                self._forgotten.setdefault(worker, []).append(tag)
            self._busy.update(idle)
        for worker in idle:
            try:
                self._forget_in(worker)
            except (ClosedError, TimeoutError):
                self.end(worker)
            else:
                self._give_back(worker, ())

    def close(self) -> None:
        """End all idle workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            self.end(worker)

    def end(self, worker: Worker) -> None:
        """Kill a worker, and forget its places."""
        with self._lock:
            self._busy.discard(worker)
            self._forgotten.pop(worker, None)
            for place in [place for place, its in self._places.items() if its is worker]:
                del self._places[place]
        worker.end()

    def _pick(self, places: Sequence[Hashable]) -> Worker | None:
        with self._lock:
            holders = [self._places.get(place) for place in places]
            worker = next((its for its in holders if its in self._idle), None)
            if worker is None and self._idle:
                worker = self._idle[-1]
            if worker is not None:
                self._idle.remove(worker)
                self._busy.add(worker)
            return worker

    def _started(self) -> Worker:
        worker = self._start()
        with self._lock:
            self._busy.add(worker)
        return worker

    def _give_back(self, worker: Worker, places: Sequence[Hashable]) -> None:
        with self._lock:
            if worker not in self._busy:  # this is a child of the process that took it
                return
            self._busy.remove(worker)
            self._idle.append(worker)
            for place in places:
                self._places[place] = worker
                self._places.move_to_end(place)
            while len(self._places) > _MOST_PLACES:
                self._places.popitem(last=False)

    def _forget_in(self, worker: Worker) -> None:
        with self._lock:
            tags = self._forgotten.pop(worker, [])
        for tag in tags:
            worker.channel.send(b"F", tag.encode())
