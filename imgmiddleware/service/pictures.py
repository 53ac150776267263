"""Results that a cache has, or that are made once, whatever the load.

The caches keep encoded results by their key, and decoded originals for other results. All bytes,
also those of decodes under way, are taken from one budget.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Protocol

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.sized_lru import SizedLru
from imgmiddleware.cache.store import Holding
from imgmiddleware.messages import Result
from imgmiddleware.observing import Gauges
from imgmiddleware.process.malloc import trim_malloc
from imgmiddleware.service import timing
from imgmiddleware.service.admission.deadline import Deadline, WaitLimit, polled
from imgmiddleware.service.admission.flight import Admission, Flights, alone
from imgmiddleware.service.making.decoded import Decoded
from imgmiddleware.service.making.job import Job
from imgmiddleware.service.making.making import Made, Making
from imgmiddleware.service.making.results import Results
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ObjectSource

#: Bytes of one store's originals that are kept: two hundred heads, or the rows of a few pyramids.
_MOST_BLOCKS = 2**25


class Maker(Protocol):
    """Makes results, in this process or in others."""

    def made(self, job: Job, deadline: Deadline) -> Made: ...
    def purge(self, tag: str) -> None: ...
    def holding(self) -> Holding: ...


class Pictures:
    """The results of one service, and the originals that they are made of. Any number of threads
    may use it.

    `directories` are the folders of those originals that are files.
    """

    def __init__(
        self, settings: Settings, limit: WaitLimit, directories: Sequence[str] = ()
    ) -> None:
        apart = _held_apart(settings) if settings.isolate else 0
        self._budget = budget = MemoryBudget(settings.max_memory - apart * settings.slots)
        self._limit = limit
        self._blocks: list[SizedLru[tuple[str, str, int], bytes]] = []
        # The caches give way in this order: an original can be decoded again.
        decoded = None if settings.isolate else Decoded(settings, budget)
        self.results = Results(settings, budget, directories)
        at_rest = trim_malloc if settings.tune_malloc else None
        self._admission = Admission(
            settings.slots, limit, budget, at_rest, lends=settings.lend_slots
        )
        given = settings, limit, self._admission
        self._making: Maker = (
            Making(*given, decoded, self.results)
            if decoded is not None
            else _isolated(*given, self.results, apart)
        )
        self._renders: Flights[Result] = Flights(limit)
        self._max_wait = settings.max_wait

    def keep_blocks_of(self, sources: Iterable[ObjectSource]) -> None:
        """Keep the blocks that are read of objects for later readers, within the same budget."""
        for source in sources:
            kept: SizedLru[tuple[str, str, int], bytes] = SizedLru(_MOST_BLOCKS, self._budget)
            source.keep_in(kept)
            self._blocks.append(kept)

    def make(self, job: Job, gone: Callable[[], bool]) -> Result:
        """The result. This thread makes it, or waits for another thread that was asked for it
        before.

        Raises `ImageError`, and `ClientGoneError` where no client waits for it any more.
        """
        deadline = Deadline(self._max_wait, gone, job.tag)
        timing.note_tier("merged")  # unless it is made here
        return self._renders.once(job.key, lambda listening: self._made(job, listening), deadline)

    def make_meanwhile(self, job: Job, make: Callable[[], object]) -> bool:
        """Have `make` called in a thread, unless this process makes the result already."""
        return not self._renders.flying(job.key) and alone(make, f"id={job.id!r}")

    def purge(self, tag: str) -> int:
        """Forget the results of an original; returns how many there were."""
        purged = self.results.purge(tag)
        self._making.purge(tag)
        return purged

    def holding(self) -> dict[str, Holding]:
        """The load of each cache: "memory", "disk", "pyramids", "decoded", "blocks"."""
        return {**self.results.holding(), **self._held()}

    def _held(self) -> dict[str, Holding]:
        """The load of the caches of originals; "blocks" only where some are in stores."""
        held = {"decoded": self._making.holding()}
        if self._blocks:
            each = [kept.holding() for kept in self._blocks]
            held["blocks"] = Holding(
                entries=sum(one.entries for one in each),
                bytes=sum(one.bytes for one in each),
                most=sum(one.most for one in each),
            )
        return held

    def gauges(self) -> Gauges:
        """The load at this moment."""
        return Gauges(
            slots=self._admission.slots,
            busy=self._admission.busy,
            waiting=self._limit.waiting,
            memory_bytes=self._budget.total - self._budget.free,
            memory_most=self._budget.total,
            holding={**self.results.holding_here(), **self._held()},
        )

    def admitted(self, size: int) -> AbstractContextManager[None]:
        """A slot and so many bytes, for work on an original before there can be a job.

        Raises `ImageError` (503).
        """
        return self._admission.admitted(size, Deadline(self._max_wait, lambda: False))

    def _made(self, job: Job, deadline: Deadline) -> Result:
        """The result. This process makes it, or waits for another that had claimed it."""
        claim, wait = partial(self.results.claim, job.key), partial(self.results.wait, job.key)
        with polled(claim, self._limit, deadline, wait):
            result = self.results.read(job.key, job.tags)
            if result is not None:
                return result
            made = self._making.made(job, deadline)
            timing.note_tier("render")
            self.results.keep(job.key, made.kept, job.tags, job.era)
            return made.answered


def _held_apart(settings: Settings) -> int:
    """Bytes of decoded originals that each worker holds. Together the workers hold as many as one
    process would. Each may hold at least a fourth of these, the most that one original may take
    there, but never more than its share of half of `max_memory`.
    """
    whole = min(settings.decoded_bytes, settings.max_memory // 4)
    return max(whole // settings.slots, min(whole // 4, settings.max_memory // 2 // settings.slots))


def _isolated(*given: Any) -> Maker:
    """Makes in workers. The import stands here, as it takes modules that nothing else needs."""
    from imgmiddleware.service.isolated.isolated import Isolated  # noqa: PLC0415

    return Isolated(*given)
