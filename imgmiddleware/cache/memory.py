"""Results in the memory of one process."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.sized_lru import SizedLru
from imgmiddleware.cache.store import Era, Holding, Tags, check_key, pause
from imgmiddleware.messages import Result

#: Bytes that a result takes beside its body: its key, its headers, Python's objects.
_OVERHEAD = 1024


class MemoryStore:
    """Up to `most` bytes of results, taken from the budget; a `ResultStore` of one process.

    Its claims keep no thread out: `service/admission/flight.py` has one thread make a result.
    """

    def __init__(self, most: int, budget: MemoryBudget) -> None:
        self._results: SizedLru[str, Result] = SizedLru(most, budget)
        self._era: Era = object()

    def get(self, key: str) -> Result | None:
        return self._results.get(key)

    def takes(self, size: int) -> bool:
        """Whether a body of this size is held at all."""
        return self._results.takes(size + _OVERHEAD)

    def put(self, key: str, result: Result, tags: Tags, era: Era) -> None:
        check_key(key)
        self._results.put(key, result, len(result.body) + _OVERHEAD, *tags)
        # Compared after the put: a later purge finds the result.
        if self._era != era:
            self.drop(tags[0])

    def purge(self, tag: str) -> int:
        self._era = object()
        return self.drop(tag)

    def drop(self, tag: str) -> int:
        """Remove all results with the tag, after a purge elsewhere: the era stays the same."""
        return self._results.purge(tag)

    def clear(self) -> None:
        """Remove everything; the era stays the same."""
        self._results.clear()

    def claim(self, key: str) -> AbstractContextManager[Any] | None:
        check_key(key)
        return nullcontext()

    def wait(self, key: str, seconds: float) -> None:
        pause(seconds)

    def era(self) -> Era:
        return self._era

    def holding(self) -> dict[str, Holding]:
        return {"memory": self._results.holding()}
