"""Results that are found in a cache, or made once, whatever the load.

Encoded results are kept by their key, and what they are made of for other ones. All bytes, also
those of decodes under way, are taken from one budget.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from imgmiddleware.cache.memory_budget import MemoryBudget
from imgmiddleware.cache.sized_lru import SizedLru
from imgmiddleware.cache.store import Holding
from imgmiddleware.formats.results import RESULTS
from imgmiddleware.imaging.render import render_animation
from imgmiddleware.messages import Result
from imgmiddleware.observing import Gauges
from imgmiddleware.process.greenlets import apart
from imgmiddleware.process.malloc import trim_malloc
from imgmiddleware.service import timing
from imgmiddleware.service.deadline import Deadline, WaitLimit, polled
from imgmiddleware.service.decoded import Decoded
from imgmiddleware.service.flight import Admission, Flights, alone
from imgmiddleware.service.info import described, info_of
from imgmiddleware.service.job import Job
from imgmiddleware.service.reading import read_here
from imgmiddleware.service.results import Results
from imgmiddleware.service.sketches import Sketches
from imgmiddleware.service.stills import Stills
from imgmiddleware.settings import Settings
from imgmiddleware.sources import ObjectSource, Original

#: Bytes of the originals of one store that are kept: two hundred heads, or a few pyramids' rows.
_MOST_BLOCKS = 2**25


class Pictures:
    """The results of one service, and what they are made of. For any number of threads.

    `directories` are where the originals are, as far as they are in some.
    """

    def __init__(
        self, settings: Settings, limit: WaitLimit, directories: Sequence[str] = ()
    ) -> None:
        self._budget = budget = MemoryBudget(settings.max_memory)
        self._limit = limit
        # They give way in this order: what is decoded can be decoded again.
        self._decoded = Decoded(settings, budget)
        self.results = Results(settings, budget, directories)
        at_rest = trim_malloc if settings.tune_malloc else None
        self._admission = Admission(
            settings.slots, limit, budget, at_rest, lends=settings.lend_slots
        )
        self._stills = Stills(settings, limit, self._admission, self._decoded, self.results)
        self._sketches = Sketches(settings, limit, self._stills, self._decoded, self.results)
        self._renders: Flights[Result] = Flights(limit)
        self._max_wait = settings.max_wait

    def keep_blocks_of(self, sources: Iterable[ObjectSource]) -> None:
        """Keep what is read of objects for the next who reads it, in the one budget too."""
        for source in sources:
            kept: SizedLru[tuple[str, str, int], bytes] = SizedLru(_MOST_BLOCKS, self._budget)
            source.keep_in(kept)

    def make(self, job: Job, gone: Callable[[], bool]) -> Result:
        """The result, made here or by another thread that was asked for it before.

        Raises `ImageError`, and `ClientGoneError` where nobody waits for it any more.
        """
        deadline = Deadline(self._max_wait, gone, job.tag)
        timing.note_tier("merged")  # unless it is made here
        return self._renders.once(job.key, lambda listening: self._made(job, listening), deadline)

    def make_meanwhile(self, job: Job, make: Callable[[], object]) -> bool:
        """Have `make` called in a thread, unless this process makes the result already."""
        return not self._renders.flying(job.key) and alone(make, f"id={job.id!r}")

    def purge(self, tag: str) -> int:
        """Forget the results of an original; how many there were."""
        purged = self.results.purge(tag)
        self._decoded.purge(tag)
        return purged

    def holding(self) -> dict[str, Holding]:
        """What is held, by place: "memory", "disk", "pyramids", "decoded"."""
        return {**self.results.holding(), "decoded": self._decoded.holding()}

    def gauges(self) -> Gauges:
        """How full it is now."""
        return Gauges(
            slots=self._admission.slots,
            busy=self._admission.busy,
            waiting=self._limit.waiting,
            memory_bytes=self._budget.total - self._budget.free,
            memory_most=self._budget.total,
            holding=self.holding(),
        )

    def admitted(self, size: int) -> AbstractContextManager[None]:
        """A slot, and so many bytes, for work on an original before there can be a job.

        Raises `ImageError` (503).
        """
        return self._admission.admitted(size, Deadline(self._max_wait, lambda: False))

    def _made(self, job: Job, deadline: Deadline) -> Result:
        """The result, made here, or by another process that had claimed it."""
        with polled(partial(self.results.claim, job.key), self._limit, deadline):
            result = self.results.read(job.key, job.tags)
            if result is not None:
                return result
            job = self._sketches.settled(job, deadline)
            animated = job.plan.frames > 1
            result = (self._animation if animated else self._still)(job, deadline)
            timing.note_tier("render")
            self.results.keep(job.key, result, job.tags, job.era)
            return result if animated else self._stills.remarked(job, result)

    def _still(self, job: Job, deadline: Deadline) -> Result:
        """One picture, or what is told of the original and perhaps of its colours."""
        decodes, record = job.plan.output.decodes, RESULTS[job.plan.format]
        made = self._stills.made(job, deadline) if decodes else None
        if not record.of_header:
            assert made is not None
            return made
        colors = json.loads(made.read()) if made else None
        body = described(info_of(job.original, job.facts, job.plan.output.keep, colors))
        return Result(body, record.media_type, made.notes if made else ())

    def _animation(self, job: Job, deadline: Deadline) -> Result:
        assert isinstance(job.original, Original)  # an array has one frame
        with self._stills.admitted(job.predicted + job.beside, deadline):
            overlay = self._stills.overlay(job, deadline)
            with timing.step("render"):
                original = read_here(job.original)
                return apart(render_animation, original, job.facts, job.plan, job.replan, overlay)
